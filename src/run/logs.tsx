import type { TranslationBundle } from '@jupyterlab/translation';
import { Poll } from '@lumino/polling';
import * as React from 'react';

import type { Api } from '../api';
import { ErrorFace, Loading } from '../marks';
import { RequestError } from '../request';
import type { StepName } from '../wire';

/** How often the log of a running step is asked for more. */
const FOLLOW = 700;

/** Most characters that are shown; the beginning of a longer log is left out. */
const SHOWN = 500_000;

interface IProps {
  api: Api;
  submission: string;
  step: StepName;
  attempt: number;
  trans: TranslationBundle;
}

/** The log of one step; follows it while the step runs. */
export function Log(props: IProps): JSX.Element {
  const { api, submission, step, attempt, trans } = props;
  const [text, setText] = React.useState('');
  const [isEnded, setEnded] = React.useState(false);
  const [isRead, setRead] = React.useState(false);
  const [isCut, setCut] = React.useState(false);
  const [error, setError] = React.useState<RequestError | null>(null);
  const [isFollowing, setFollowing] = React.useState(true);
  const [isWrapped, setWrapped] = React.useState(false);
  const [round, setRound] = React.useState(0);
  const box = React.useRef<HTMLPreElement>(null);

  React.useEffect(() => {
    let offset = 0;
    setText('');
    setEnded(false);
    setRead(false);
    setCut(false);
    setError(null);
    const poll = new Poll({
      name: 'jupyter-challenge:log',
      frequency: { interval: FOLLOW, backoff: true, max: 10_000 },
      standby: 'when-hidden',
      factory: async () => {
        try {
          const chunk = await api.log(submission, step, offset);
          if (poll.isDisposed) {
            return;
          }
          offset = chunk.next;
          setError(null);
          setRead(true);
          setText(known => {
            const whole = known + chunk.text;
            return whole.length > SHOWN ? whole.slice(-SHOWN) : whole;
          });
          setCut(known => known || !!chunk.truncated);
          if (chunk.ended && chunk.text === '') {
            setEnded(true);
            void poll.stop();
          } else if (chunk.text !== '') {
            void poll.refresh();
          }
        } catch (reason) {
          if (reason instanceof RequestError && !poll.isDisposed) {
            setError(reason);
            if (reason.kind === 'refused') {
              void poll.stop();
            }
          }
          throw reason;
        }
      }
    });
    return () => poll.dispose();
  }, [api, submission, step, attempt, round]);

  React.useLayoutEffect(() => {
    if (isFollowing && box.current) {
      box.current.scrollTop = box.current.scrollHeight;
    }
  }, [text, isFollowing]);

  const save = () => {
    const link = document.createElement('a');
    const url = URL.createObjectURL(new Blob([text], { type: 'text/plain' }));
    link.href = url;
    link.download = `${step}.log`;
    link.click();
    URL.revokeObjectURL(url);
  };

  return (
    <div className="jp-Challenge-log">
      <div className="jp-Challenge-logBar">
        <label>
          <input
            type="checkbox"
            checked={isFollowing}
            onChange={event => setFollowing(event.target.checked)}
          />
          {trans.__('Follow')}
        </label>
        <label>
          <input
            type="checkbox"
            checked={isWrapped}
            onChange={event => setWrapped(event.target.checked)}
          />
          {trans.__('Wrap')}
        </label>
        <button className="jp-Challenge-link" disabled={!text} onClick={save}>
          {trans.__('Download')}
        </button>
      </div>
      {error && !text ? (
        <ErrorFace
          error={error}
          trans={trans}
          retry={() => setRound(round + 1)}
        />
      ) : !isRead ? (
        <Loading trans={trans} />
      ) : (
        <pre
          ref={box}
          tabIndex={0}
          aria-label={trans.__('Log')}
          className={isWrapped ? 'jp-mod-wrapped' : ''}
          onWheel={event => {
            if (event.deltaY < 0) {
              setFollowing(false);
            }
          }}
        >
          {isCut && trans.__('(The log was cut: it was over its limit.)\n')}
          {text || (isEnded ? trans.__('This step printed nothing.') : '')}
        </pre>
      )}
    </div>
  );
}
