/**
 * Times how long views take to be drawn once their data is there; `python -m benchmarks opening`
 * runs it against a Lab of its own. Prints one JSON object.
 *
 * Answers of the service are kept in the page and given at once, so that only drawing is timed.
 * Beside the clock it reads the processor time of the page's main thread, which other programs on
 * the machine do not lengthen. With a folder as last argument, processor profiles are put there,
 * for DevTools or speedscope.
 */
const { writeFileSync } = require('fs');
const { join } = require('path');
const { chromium } = require('@playwright/test');

const [address, token, roundsText, profiles] = process.argv.slice(2);
const asRoot = process.getuid && process.getuid() === 0;

/** Runs in the page before anything else: a fetch that remembers what the service answered. */
function remember() {
  const ask = window.fetch.bind(window);
  const known = new Map();
  window.fetch = async (input, init) => {
    const request = new Request(input, init);
    const isOurs =
      request.method === 'GET' &&
      request.url.includes('/jupyter-challenge/api/') &&
      !request.url.includes('/changes');
    if (!isOurs) {
      return ask(request);
    }
    const key = request.url.replace(/([?&])\d{13}$/, '');
    if (!known.has(key)) {
      const answer = await ask(request);
      known.set(key, {
        body: await answer.text(),
        status: answer.status,
        headers: [['content-type', answer.headers.get('content-type') ?? '']]
      });
    }
    const { body, ...rest } = known.get(key);
    return new Response(body, rest);
  };
}

/** Runs in the page: opens a view, waits until it is painted as wanted, says how long that took. */
function timed({ open, done }) {
  return new Promise((resolve, reject) => {
    const isDone = new Function(`return ${done}`);
    let shift = 0;
    const observer = new PerformanceObserver(list => {
      for (const entry of list.getEntries()) {
        const ours = entry.sources.some(({ node }) => {
          const element = node instanceof Element ? node : node?.parentElement;
          return element?.closest('.jp-Challenge, .jp-ChallengePage');
        });
        shift += ours ? entry.value : 0;
      }
    });
    observer.observe({ type: 'layout-shift' });
    const began = performance.now();
    const painted = () => {
      clearTimeout(late);
      changes.disconnect();
      // The task after a frame begins when that frame was painted.
      requestAnimationFrame(() => {
        const channel = new MessageChannel();
        channel.port1.onmessage = () => {
          const ms = performance.now() - began;
          setTimeout(() => {
            observer.disconnect();
            resolve({ ms, shift });
          }, 300);
        };
        channel.port2.postMessage(null);
      });
    };
    // Selectors alone: to ask for a place would make the browser lay out at each look.
    const changes = new MutationObserver(() => {
      if (isDone()) {
        painted();
      }
    });
    changes.observe(document.body, {
      attributeFilter: ['class'],
      childList: true,
      subtree: true
    });
    const late = setTimeout(
      () => reject(new Error(`it was never so: ${done}`)),
      60_000
    );
    new Function(open)();
  });
}

/** Runs in the page: scrolls for some frames and says how long each took. */
function scrolled({ frames, pixels, selector }) {
  return new Promise(resolve => {
    const box = document.querySelector(selector);
    const times = [];
    let last = 0;
    const step = now => {
      if (last) {
        times.push(now - last);
      }
      last = now;
      box.scrollTop += pixels;
      if (times.length < frames) {
        requestAnimationFrame(step);
      } else {
        box.scrollTop = 0;
        resolve(times);
      }
    };
    requestAnimationFrame(step);
  });
}

/** Runs in the page: lays a list of text over the board, which scrolls as plainly as can be. */
function plainList() {
  const board = document.querySelector('.jp-Challenge-tableBox');
  const list = document.createElement('div');
  list.className = 'jp-Floor';
  list.style.cssText =
    'position: fixed; inset: 200px 100px 100px 400px; overflow: auto; background: white';
  for (let row = 0; row < 10_000; row++) {
    const line = document.createElement('div');
    line.style.cssText = 'height: 30px; contain: strict';
    line.textContent = `${row}  team  0.12345  0.12345  3  12 d ago`;
    list.append(line);
  }
  board.ownerDocument.body.append(list);
}

const BOARD = '.jp-Challenge-tableBox';
const SCROLL = { frames: 240, pixels: 300 };

const RUN = (command, args) =>
  `window.jupyterapp.commands.execute(${JSON.stringify(command)}, ${JSON.stringify(args)})`;
const THERE = (...selectors) =>
  selectors
    .map(one => `document.querySelector(${JSON.stringify(one)})`)
    .join(' && ');

/** Opens a main area that holds a line of text: what Lab alone needs for any page. */
const FLOOR = `
  const { shell } = window.jupyterapp;
  const Widget = Object.getPrototypeOf(shell.constructor);
  const floor = new Widget();
  floor.id = 'floor';
  floor.addClass('jp-Floor');
  floor.title.label = 'Floor';
  floor.title.closable = true;
  floor.node.textContent = 'A line of text';
  shell.add(floor, 'main');`;

/** What the main thread did between two looks at its counters. */
class Work {
  constructor(cdp) {
    this._cdp = cdp;
  }

  /** Have seconds of processor time counted, not of the clock. */
  async begin() {
    await this._cdp.send('Performance.enable', { timeDomain: 'threadTicks' });
    await this._cdp.send('Profiler.enable');
  }

  async count() {
    const { metrics } = await this._cdp.send('Performance.getMetrics');
    return Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
  }

  /** Do something; milliseconds of work and counts of it. */
  async of(name, run) {
    if (profiles) {
      await this._cdp.send('Profiler.start');
    }
    const before = await this.count();
    const result = await run();
    const after = await this.count();
    if (profiles) {
      const { profile } = await this._cdp.send('Profiler.stop');
      writeFileSync(
        join(profiles, `${name}.cpuprofile`),
        JSON.stringify(profile)
      );
    }
    const ms = key => (after[key] - before[key]) * 1000;
    return [
      result,
      {
        task: ms('TaskDuration'),
        script: ms('ScriptDuration'),
        style: ms('RecalcStyleDuration'),
        layout: ms('LayoutDuration'),
        layouts: after.LayoutCount - before.LayoutCount,
        styles: after.RecalcStyleCount - before.RecalcStyleCount,
        nodes: after.Nodes
      }
    ];
  }
}

async function main() {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
    args: [...(asRoot ? ['--no-sandbox'] : []), '--disable-dev-shm-usage']
  });
  try {
    const page = await browser.newPage({
      viewport: { width: 1280, height: 800 }
    });
    await page.addInitScript(remember);
    await page.goto(`${address}/lab?reset&token=${token}`);
    await page.waitForFunction(() => window.jupyterapp, null, {
      timeout: 120_000
    });
    await page.evaluate(() => window.jupyterapp.restored);
    const submissions = await page.evaluate(async () => {
      const base = `${location.origin}/jupyter-challenge/api/v1`;
      const answer = await fetch(`${base}/submissions?challenge=many`);
      return (await answer.json()).items;
    });
    const cdp = await page.context().newCDPSession(page);
    const work = new Work(cdp);
    await work.begin();
    const show = `window.jupyterapp.shell.activateById('jupyter-challenge-panel')`;
    const board = RUN('jupyter-challenge:open-challenge', {
      challenge: 'many',
      tab: 'board'
    });
    const closeAll = `[...window.jupyterapp.shell.widgets('main')].forEach(one => one.close())`;
    const views = {
      'an empty page': {
        before: closeAll,
        open: FLOOR,
        done: THERE('.jp-Floor')
      },
      'the panel': {
        before: `window.jupyterapp.shell.activateById('filebrowser')`,
        open: show,
        done: THERE(
          '#jupyter-challenge-panel:not(.lm-mod-hidden) [data-challenge]'
        )
      },
      "a run's page": {
        before: closeAll,
        open: RUN('jupyter-challenge:open-run', {
          submission: submissions[0].id
        }),
        done: THERE('.jp-ChallengeRun .jp-Challenge-score')
      },
      'the board of 10,000': {
        before: closeAll,
        open: board,
        done: THERE(
          '.jp-ChallengeBoard-table tr[data-team]',
          '.jp-Challenge-board svg [tabindex]'
        )
      }
    };
    const found = {};
    // The first time of each is left out: it loads the code and the answers.
    for (let round = 0; round <= Number(roundsText); round++) {
      for (const [name, view] of Object.entries(views)) {
        await page.evaluate(text => void new Function(text)(), view.before);
        await page.waitForTimeout(300);
        const [one, cpu] = await work.of(`${name} ${round}`, () =>
          page.evaluate(timed, { open: view.open, done: view.done })
        );
        if (round > 0) {
          (found[name] ??= []).push({ ...one, ...cpu });
        }
      }
    }
    const scrolling = {};
    await page.evaluate(scrolled, { ...SCROLL, selector: BOARD });
    await page.waitForTimeout(2000);
    await page.evaluate(plainList);
    for (const [name, selector] of [
      ['a list of text', '.jp-Floor'],
      ['the board', BOARD]
    ]) {
      const show = selector === BOARD ? 'none' : '';
      await page.evaluate(
        display =>
          (document.querySelector('.jp-Floor').style.display = display),
        show
      );
      await page.waitForTimeout(300);
      const [frames, cpu] = await work.of(`scrolling ${name}`, () =>
        page.evaluate(scrolled, { ...SCROLL, selector })
      );
      scrolling[name] = { frames, ...cpu };
    }
    console.log(JSON.stringify({ views: found, scrolling }));
  } finally {
    await browser.close();
  }
}

main().catch(error => {
  console.error(error);
  process.exit(1);
});
