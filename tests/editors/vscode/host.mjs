// Runs the tests that live inside the extension host: editors/vscode/test/host.
import path from 'node:path';
import util from 'node:util';
import { binary, counts, equal, extension, Place, step } from './harness.mjs';

export async function host(browser, version) {
  const place = new Place(version);
  place.machine({ 'draftTasks.server.path': binary });
  place.write('shop/.draft-tasks.toml', '');
  place.write('bakery/.draft-tasks.toml', '');
  place.write('all.code-workspace', JSON.stringify({ folders: [{ path: 'shop' }, { path: 'bakery' }] }));
  await place.start({ tests: true });
  const page = await browser.newPage();
  let told = 0;
  try {
    await step(`VS Code ${version}: the tests in the extension host run to their end`, page, async () => {
      await page.exposeFunction('codeAutomationLog', (_kind, args) => {
        const text = util.format(...args.map((arg) => (typeof arg === 'string' ? arg : util.inspect(arg))));
        const line = /^\[mocha\] ((ok|FAILED) .*)$/s.exec(text);
        if (line === null) return;
        told++;
        if (line[2] === 'ok') counts.passed++;
        else counts.failed++;
        console.log(line[1].replace(/^(ok|FAILED) +/, (word) => `${word.trim().padEnd(8)}VS Code ${version}, host: `));
      });
      const ended = new Promise((resolve) => page.exposeFunction('codeAutomationExit', resolve));
      const uri = (file) => `vscode-remote://${place.authority}${file}`;
      await page.goto(place.address({
        workspace: place.path('all.code-workspace'),
        payload: [['extensionDevelopmentPath', uri(extension)], ['extensionTestsPath', uri(path.join(extension, 'dist-test/host'))], ['skipWelcome', 'true']],
      }));
      let limit;
      const tooLong = new Promise((_, reject) => { limit = setTimeout(() => reject(new Error('no end within 5 minutes')), 300_000); });
      const code = await Promise.race([ended, tooLong]);
      clearTimeout(limit);
      // Failures are counted one by one; here it is about reaching the end.
      equal(told > 0 && (code === 0 || counts.failed > 0), true);
    });
  } finally {
    await page.close();
    await step(`VS Code ${version}: nothing is left of the host's tests`, undefined, async () => equal(await place.stop(), []));
    place.remove();
  }
}
