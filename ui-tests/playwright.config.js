/**
 * Galata on the system's Chromium: JupyterLab in tests/, Notebook 7 in notebook7/.
 *
 * CHROMIUM names another browser, JUPYTER_PORT and NOTEBOOK_PORT other ports (the second is ten
 * above the first). `--project lab` or `--project notebook7` runs one of them.
 */
const os = require('os');
const path = require('path');

const baseConfig = require('@jupyterlab/galata/lib/playwright-config');

// Who is signed in, also on pictures.
process.env.LOGNAME = 'ana';

const port = process.env.JUPYTER_PORT || '8899';
const notebookPort = process.env.NOTEBOOK_PORT || String(Number(port) + 10);
const asRoot = process.getuid && process.getuid() === 0;

/** A server with an empty data folder and files of its own, in a place that tests know. */
const server = (app, port, page) => ({
  command: `jupyter ${app} --config jupyter_server_test_config.py --ServerApp.ip=127.0.0.1 --port ${port} ${asRoot ? '--allow-root' : ''}`,
  url: `http://127.0.0.1:${port}${page}`,
  env: {
    JUPYTER_CHALLENGE_UI_HOME: path.join(
      os.tmpdir(),
      `jupyter-challenge-ui-${port}`
    )
  },
  timeout: 120 * 1000,
  reuseExistingServer: !process.env.CI,
  gracefulShutdown: { signal: 'SIGTERM', timeout: 15000 }
});

module.exports = {
  ...baseConfig,
  timeout: 120000,
  // The service starts with the first request, on two cores beside the browser.
  expect: { timeout: 60000 },
  workers: 1,
  // Where others share the machine; "flaky" in the closing lines names what needed it.
  retries: process.env.CI ? 1 : 0,
  forbidOnly: !!process.env.CI,
  reporter: [['list']],
  use: {
    ...baseConfig.use,
    baseURL: `http://127.0.0.1:${port}`,
    viewport: { width: 1280, height: 800 },
    deviceScaleFactor: 1,
    locale: 'en-GB',
    timezoneId: 'UTC',
    // To record every step costs time: where a test is tried again, only then.
    trace: process.env.CI ? 'on-first-retry' : 'retain-on-failure',
    video: 'off', // it needs Playwright's own ffmpeg
    launchOptions: {
      executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
      args: [...(asRoot ? ['--no-sandbox'] : []), '--disable-dev-shm-usage']
    }
  },
  projects: [
    { name: 'lab', testDir: './tests' },
    {
      name: 'notebook7',
      testDir: './notebook7',
      use: { baseURL: `http://127.0.0.1:${notebookPort}` }
    }
  ],
  webServer: [
    server('lab', port, '/lab'),
    server('notebook', notebookPort, '/tree')
  ]
};
