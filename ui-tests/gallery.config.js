/**
 * Every screen in its states, in light and in dark: axe looks at each, and with
 * UPDATE_SCREENSHOTS the pictures of docs/gallery are made again.
 *
 * Its server has a data folder of its own, filled by gallery/seed.py, so that boards look lived in.
 */
const os = require('os');
const path = require('path');

const base = require('./playwright.config.js');

const port = process.env.GALLERY_PORT || '8989';
const asRoot = process.getuid && process.getuid() === 0;

module.exports = {
  ...base,
  timeout: 600000,
  projects: undefined,
  testDir: './gallery',
  // Each of the two removes what the other one left, where they have one.
  outputDir: './gallery-results',
  use: {
    ...base.use,
    baseURL: `http://127.0.0.1:${port}`,
    viewport: { width: 960, height: 760 }
  },
  webServer: {
    command: `jupyter lab --config jupyter_server_test_config.py --ServerApp.ip=127.0.0.1 --port ${port} ${asRoot ? '--allow-root' : ''}`,
    url: `http://127.0.0.1:${port}/lab`,
    env: {
      GALLERY: '1',
      JUPYTER_CHALLENGE_UI_HOME: path.join(
        os.tmpdir(),
        `jupyter-challenge-gallery-${port}`
      )
    },
    timeout: 400 * 1000, // notebooks are run before it starts
    reuseExistingServer: !process.env.CI,
    gracefulShutdown: { signal: 'SIGTERM', timeout: 15000 }
  }
};
