/** Galata's test and expect, for machines on which Lab shares two cores with runs. */
import * as waiting from '@jupyterlab/galata/lib/utils';

const START = 120_000;

// Galata gives Lab fifteen seconds to start, in places where no option reaches.
const { waitForCondition } = waiting;
Object.assign(waiting, {
  waitForCondition: (
    condition: () => Promise<boolean> | boolean,
    timeout: number = START
  ) => waitForCondition(condition, timeout)
});

export { expect, test } from '@jupyterlab/galata';
