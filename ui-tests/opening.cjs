/**
 * Times how long views take to be drawn once their data is there; `python -m benchmarks opening`
 * runs it against a Lab of its own. Prints one JSON object.
 *
 * Answers of the service are kept in the page and given at once, so that only drawing is timed.
 */
const { chromium } = require('@playwright/test');

const [address, token, roundsText] = process.argv.slice(2);
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
    const look = () => {
      if (isDone()) {
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
      } else if (performance.now() - began > 60_000) {
        reject(new Error(`it was never so: ${done}`));
      } else {
        setTimeout(look, 0);
      }
    };
    new Function(open)();
    look();
  });
}

/** Runs in the page: scrolls for some frames and says how long each took. */
function scrolled({ frames, pixels }) {
  return new Promise(resolve => {
    const box = document.querySelector('.jp-Challenge-tableBox');
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

const RUN = (command, args) =>
  `window.jupyterapp.commands.execute(${JSON.stringify(command)}, ${JSON.stringify(args)})`;
const SEEN = selector =>
  `[...document.querySelectorAll(${JSON.stringify(selector)})].some(node => node.offsetParent)`;

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
    const show = `window.jupyterapp.shell.activateById('jupyter-challenge-panel')`;
    const board = RUN('jupyter-challenge:open-challenge', {
      challenge: 'many',
      tab: 'board'
    });
    const views = {
      'the panel': {
        before: `window.jupyterapp.shell.activateById('filebrowser')`,
        open: show,
        done: SEEN('#jupyter-challenge-panel [data-challenge]')
      },
      "a run's page": {
        before: `[...window.jupyterapp.shell.widgets('main')].forEach(one => one.close())`,
        open: RUN('jupyter-challenge:open-run', {
          submission: submissions[0].id
        }),
        done: SEEN('.jp-ChallengeRun .jp-Challenge-score')
      },
      'the board of 10,000': {
        before: `[...window.jupyterapp.shell.widgets('main')].forEach(one => one.close())`,
        open: board,
        done: `${SEEN('.jp-ChallengeBoard-table tr[data-team]')} && document.querySelector('.jp-Challenge-board svg [tabindex]')`
      }
    };
    const found = {};
    // The first time of each is left out: it loads the code and the answers.
    for (let round = 0; round <= Number(roundsText); round++) {
      for (const [name, view] of Object.entries(views)) {
        await page.evaluate(text => void new Function(text)(), view.before);
        await page.waitForTimeout(300);
        const one = await page.evaluate(timed, {
          open: view.open,
          done: view.done
        });
        if (round > 0) {
          (found[name] ??= []).push(one);
        }
      }
    }
    const scroll = { frames: 240, pixels: 300 };
    await page.evaluate(scrolled, scroll);
    await page.waitForTimeout(2000);
    const frames = await page.evaluate(scrolled, scroll);
    console.log(JSON.stringify({ views: found, frames }));
  } finally {
    await browser.close();
  }
}

main().catch(error => {
  console.error(error);
  process.exit(1);
});
