/** A hub whose servers are pods on a cluster; tests/cluster/test_hub_story.py starts it. */
const base = require('./playwright.config.js');

module.exports = {
  ...base,
  timeout: 1200000,
  retries: 0,
  projects: undefined,
  testDir: './hub',
  webServer: undefined,
  use: { ...base.use, baseURL: process.env.HUB_URL, actionTimeout: 60000 }
};
