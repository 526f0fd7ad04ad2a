// Loaded by the extension host instead of a main program: runs all suites, and tells a line for each test.
import Mocha = require('mocha');

/** How long a test may take, in milliseconds: the machine may be busy. */
const PATIENCE = 120_000;

export async function run(): Promise<void> {
  const mocha = new Mocha({ ui: 'bdd', color: false, timeout: PATIENCE, reporter: Lines });
  mocha.suite.emit('pre-require', globalThis as never, '', mocha);
  require('./language');
  require('./running');
  require('./terminal');
  require('./server');
  const failures = await new Promise<number>((resolve) => mocha.run(resolve));
  if (failures > 0) throw new Error(`${failures} tests failed`);
}

/** One formatted line a test: the workbench hands on what the console gets unformatted. */
class Lines extends Mocha.reporters.Base {
  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options);
    const say = (line: string): void => console.log(`[mocha] ${line}`);
    runner.on('pass', (test) => say(`ok      ${test.fullTitle()} (${test.duration} ms)`));
    runner.on('fail', (test, error: Error) => say(`FAILED  ${test.fullTitle()}: ${error.stack ?? String(error)}`));
  }
}
