const { readFileSync } = require('node:fs');
const { default: Sequencer } = require('@jest/test-sequencer');

const takesTheWholeMachine = ({ path }) => readFileSync(path, 'utf8').includes('takesTheWholeMachine();');

/** Spreads the suites of which one runs at a time among the others: a worker that waits for its turn does nothing else. */
module.exports = class SpreadSequencer extends Sequencer {
  sort(tests) {
    const sorted = super.sort(tests);
    const alone = sorted.filter(takesTheWholeMachine);
    const others = sorted.filter((test) => !alone.includes(test));
    const gap = Math.ceil(others.length / Math.max(1, alone.length));
    return [
      ...alone.flatMap((test, n) => [test, ...others.slice(n * gap, (n + 1) * gap)]),
      ...others.slice(alone.length * gap),
    ];
  }
};
