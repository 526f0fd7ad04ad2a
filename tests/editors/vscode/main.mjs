// Runs the tests of the extension, or makes its pictures; see the file `run`.
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { bench } from './bench.mjs';
import { cluster } from './cluster.mjs';
import { first } from './first.mjs';
import { artefacts, binary, counts, extension, startBrowser, step, versions } from './harness.mjs';
import { host } from './host.mjs';
import { makePictures } from './pictures.mjs';
import { ui } from './ui.mjs';

const { values } = parseArgs({
  options: { only: { type: 'string', multiple: true }, version: { type: 'string', multiple: true }, pictures: { type: 'boolean' }, bench: { type: 'boolean' } },
});
const wants = (part) => values.only?.includes(part) ?? true;
const wanted = Object.keys(versions).filter((version) => values.version?.includes(version) ?? true);

fs.rmSync(artefacts, { recursive: true, force: true });
fs.mkdirSync(artefacts, { recursive: true });
const node = (script, ...args) => execFileSync(process.execPath, [script, ...args], { cwd: extension, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });

node('build.mjs', '--tests');
if (wants('unit') && !values.bench) {
  await step('the sources have the right types', undefined, () => {
    const tsc = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc'], { cwd: extension, encoding: 'utf8' });
    if (tsc.status !== 0) throw new Error(tsc.stdout);
  });
  const unit = spawnSync(process.execPath, ['--test', '--test-reporter=spec', 'dist-test/unit.js'], { cwd: extension, encoding: 'utf8' });
  process.stdout.write(unit.stdout);
  process.stderr.write(unit.stderr);
  const count = (name) => Number(new RegExp(`^. ${name} (\\d+)$`, 'm').exec(unit.stdout)?.[1]);
  if (!(count('pass') > 0)) throw new Error('the unit tests did not run');
  counts.passed += count('pass');
  counts.failed += count('fail') + count('cancelled');
}

// Without the information for debuggers, which nobody installs either.
const stripped = path.join(artefacts, 'draft-tasks');
const strip = spawnSync('strip', ['-o', stripped, binary]);
if (strip.status !== 0) fs.copyFileSync(binary, stripped);
const target = `linux-${process.arch}`;
const packages = {};
const packaged = (...args) => {
  const said = node('package.mjs', '--out', artefacts, ...args);
  const warning = said.split('\n').find((line) => /WARN/i.test(line));
  if (warning !== undefined) throw new Error(`vsce warns: ${warning}`);
  const last = said.trim().split('\n').at(-1);
  console.log(`        ${last}`);
  return last.replace(/ [\d.]+ MB$/, '');
};
await step('packages for this platform, without a warning', undefined, () => { packages.platform = packaged('--target', target, '--binary', stripped); });
await step('packages for all platforms, without a warning', undefined, () => { packages.universal = packaged(); });

const browser = await startBrowser();
try {
  if (values.pictures) await makePictures(browser, packages.platform);
  else if (values.bench) await bench(browser, packages.platform);
  else {
    for (const version of wanted) {
      if (wants('host')) await host(browser, version);
      if (wants('first')) await first(browser, version, packages);
      if (wants('ui')) await ui(browser, version, packages);
      if (wants('cluster')) await cluster(browser, version, packages);
    }
  }
} finally {
  await browser.close();
}
console.log(`\nvscode: ${counts.passed} passed, ${counts.failed} failed`);
process.exit(counts.failed > 0 || counts.passed === 0 ? 1 : 0);
