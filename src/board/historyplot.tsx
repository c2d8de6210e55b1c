// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { exactTime, parseTime } from '../time';
import type { HistoryPoint, HistoryStep, HistoryView } from '../wire';
import type { IValue, Range } from './plotscale';
import {
  decimalsFor,
  scale,
  scaleWithin,
  stepLine,
  ticks,
  timeRange,
  timeTicks,
  valueRange
} from './plotscale';

const HEIGHT = 220;
const MARGIN = { left: 56, right: 16, top: 12, bottom: 26 };

interface IProps {
  history: HistoryView;
  /** Until when the lines go on, in milliseconds. */
  until: number;
  trans: TranslationBundle;
  /** Opens the run of a submission, where that can be done. */
  open?: (submission: string) => void;
}

/** My entries as points, my best as a step line, the leader's best behind it. */
export function HistoryPlot(props: IProps): JSX.Element {
  const { history, until, trans } = props;
  const [box, width] = useWidth();
  const [chosen, setChosen] = React.useState<number | null>(null);
  const { points, best, leader, metric } = history;
  const plot = React.useMemo(
    () => layOut(history, until, width),
    [history, until, width]
  );
  const shown = chosen === null ? null : (points[chosen] ?? null);
  return (
    <div
      ref={box}
      className="jp-Challenge-plot"
      style={{ height: HEIGHT }}
      role="group"
      aria-label={trans.__('%1 over time', metric.label)}
    >
      {plot && (
        <svg width={width} height={HEIGHT} aria-hidden={!points.length}>
          <Axes plot={plot} metric={metric} />
          <Line plot={plot} steps={leader} name="leader" />
          <Line plot={plot} steps={best} name="best" />
          <Points {...props} plot={plot} chosen={chosen} choose={setChosen} />
        </svg>
      )}
      {plot && shown && (
        <div
          className="jp-Challenge-plotTip"
          role="status"
          style={tipPlace(plot, shown, width)}
        >
          <strong>{trans.__('#%1', shown.number)}</strong> {shown.display}
          {typeof shown.stderr === 'number' && (
            <span> ± {shown.stderr.toPrecision(2)}</span>
          )}
          <br />
          {exactTime(shown.at)}
        </div>
      )}
    </div>
  );
}

interface IPlot {
  times: Range;
  values: Range;
  across: Range;
  up: Range;
  width: number;
}

/** Where everything is; null until the plot's width is known. */
function layOut(
  history: HistoryView,
  until: number,
  width: number
): IPlot | null {
  if (width < MARGIN.left + MARGIN.right + 40) {
    return null;
  }
  const { points, best, leader, metric } = history;
  const all = [...points, ...best, ...leader];
  const mine = points.length ? points : leader;
  const edges = [...mine, ...best, ...leader.slice(-1)];
  return {
    times: timeRange(
      all.map(one => parseTime(one.at)),
      until
    ),
    values: valueRange(
      edges.map(one => one.value),
      metric.direction
    ),
    across: [MARGIN.left, width - MARGIN.right],
    up: [HEIGHT - MARGIN.bottom, MARGIN.top],
    width
  };
}

function Axes(props: {
  plot: IPlot;
  metric: HistoryView['metric'];
}): JSX.Element {
  const { plot, metric } = props;
  const values = ticks(plot.values, 4);
  const decimals = decimalsFor(values, metric.precision);
  const times = timeTicks(
    plot.times,
    Math.max(2, Math.floor(plot.width / 110))
  );
  return (
    <g className="jp-Challenge-plotAxes" aria-hidden="true">
      {values.map(value => {
        const y = scale(value, plot.values, plot.up);
        return (
          <g key={value}>
            <line x1={plot.across[0]} x2={plot.across[1]} y1={y} y2={y} />
            <text x={plot.across[0] - 8} y={y} dy="0.32em" textAnchor="end">
              {value.toFixed(decimals)}
            </text>
          </g>
        );
      })}
      {times.map(({ at, isDay }) => (
        <text
          key={at}
          x={scale(at, plot.times, plot.across)}
          y={HEIGHT - 8}
          textAnchor="middle"
        >
          {new Date(at).toLocaleString(
            undefined,
            isDay
              ? { day: 'numeric', month: 'short' }
              : { hour: '2-digit', minute: '2-digit' }
          )}
        </text>
      ))}
    </g>
  );
}

function Line(props: {
  plot: IPlot;
  steps: ReadonlyArray<HistoryStep>;
  name: 'best' | 'leader';
}): JSX.Element {
  const { plot, steps, name } = props;
  const values: IValue[] = steps.map(step => ({
    at: parseTime(step.at),
    value: step.value
  }));
  const path = stepLine(values, plot.times[1])
    .map(({ at, value }) => {
      const x = scaleWithin(at, plot.times, plot.across);
      const y = scaleWithin(value, plot.values, plot.up);
      return `${x.toFixed(1)},${y.toFixed(1)}`;
    })
    .join(' ');
  return (
    <polyline
      className={`jp-Challenge-plotLine jp-mod-${name}`}
      points={path}
    />
  );
}

/** My entries: one stop of the Tab key, arrow keys between them, Enter opens the run. */
function Points(
  props: IProps & {
    plot: IPlot;
    chosen: number | null;
    choose: (index: number | null) => void;
  }
): JSX.Element {
  const { history, plot, trans, open, chosen, choose } = props;
  const { points } = history;
  const group = React.useRef<SVGGElement>(null);
  const stop = Math.min(chosen ?? points.length - 1, points.length - 1);
  const onKey = (event: React.KeyboardEvent, index: number) => {
    const to = {
      ArrowLeft: index - 1,
      ArrowRight: index + 1,
      Home: 0,
      End: points.length - 1
    }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      const next = Math.min(points.length - 1, Math.max(0, to));
      (group.current?.children[next] as SVGElement | undefined)?.focus();
    } else if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      open?.(points[index].submission);
    }
  };
  return (
    <g ref={group}>
      {points.map((point, index) => {
        const { x, y, isBeyond } = pointPlace(plot, point);
        const mark = point.counts ? ' jp-mod-counts' : '';
        return (
          <g
            key={point.submission}
            className={`jp-Challenge-plotPoint${mark}`}
            role={open ? 'button' : 'img'}
            tabIndex={index === stop ? 0 : -1}
            aria-label={pointText(point, trans)}
            transform={`translate(${x.toFixed(1)} ${y.toFixed(1)})`}
            onMouseEnter={() => choose(index)}
            onMouseLeave={() => choose(null)}
            onFocus={() => choose(index)}
            onBlur={() => choose(null)}
            onClick={() => open?.(point.submission)}
            onKeyDown={event => onKey(event, index)}
          >
            <circle className="jp-Challenge-plotHit" r={11} />
            <Errors plot={plot} point={point} y={y} />
            {isBeyond ? (
              <path className="jp-Challenge-plotMark" d="M-5,-4 L5,-4 L0,4 Z" />
            ) : (
              <circle
                className="jp-Challenge-plotMark"
                r={point.counts ? 5 : 3.5}
              />
            )}
          </g>
        );
      })}
    </g>
  );
}

/** The standard error of a point, as a line through it. */
function Errors(props: {
  plot: IPlot;
  point: HistoryPoint;
  y: number;
}): JSX.Element {
  const { plot, point, y } = props;
  if (typeof point.stderr !== 'number') {
    return <></>;
  }
  const [one, two] = [-1, 1].map(
    sign =>
      scaleWithin(
        point.value + sign * (point.stderr as number),
        plot.values,
        plot.up
      ) - y
  );
  return <line className="jp-Challenge-plotError" y1={one} y2={two} />;
}

function pointPlace(
  plot: IPlot,
  point: HistoryPoint
): { x: number; y: number; isBeyond: boolean } {
  const { value } = point;
  return {
    x: scale(parseTime(point.at), plot.times, plot.across),
    y: scaleWithin(value, plot.values, plot.up),
    isBeyond: value < plot.values[0] || value > plot.values[1]
  };
}

function pointText(point: HistoryPoint, trans: TranslationBundle): string {
  const { number, display } = point;
  const at = exactTime(point.at);
  return point.counts
    ? trans.__('#%1: %2, %3, counts', number, display, at)
    : trans.__('#%1: %2, %3', number, display, at);
}

/** Beside the point, on the side where there is room. */
function tipPlace(
  plot: IPlot,
  point: HistoryPoint,
  width: number
): React.CSSProperties {
  const { x, y } = pointPlace(plot, point);
  const isRight = x > width / 2;
  return {
    top: Math.min(y + 10, HEIGHT - 60),
    ...(isRight ? { right: width - x + 10 } : { left: x + 10 })
  };
}

/** The width of an element, known before it is painted. */
function useWidth(): [React.RefObject<HTMLDivElement>, number] {
  const box = React.useRef<HTMLDivElement>(null);
  const [width, setWidth] = React.useState(0);
  React.useLayoutEffect(() => {
    const node = box.current;
    if (!node) {
      return;
    }
    const look = () => setWidth(node.clientWidth);
    look();
    const observer = new ResizeObserver(look);
    observer.observe(node);
    return () => observer.disconnect();
  }, []);
  return [box, width];
}
