/** A Lab whose submissions run on a cluster; tests/cluster/from_lab.py says where its service is. */
const base = require('./playwright.config.js');

module.exports = {
  ...base,
  timeout: 600000,
  projects: undefined,
  testDir: './cluster',
  webServer: base.webServer[0]
};
