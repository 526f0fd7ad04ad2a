// Makes the pictures of the extension's README from a real window, so that they show what there is.
import fs from 'node:fs';
import path from 'node:path';
import { film } from './film.mjs';
import { extension, Place, until, Window } from './harness.mjs';

const TASKS = `[pre-up]
"check the tools" = "echo all tools are there"
"migrate the database" = "bin/migrate --all"
"seed the database" = "bin/seed $SHOP"

[post-delete]
"stop the database" = "bin/stop --volumes"
`;

const script = (place, name, text) => fs.chmodSync(place.write(name, `#!/bin/sh\n${text}\n`), 0o755);

export async function makePictures(browser, vsix) {
  const place = new Place('1.139');
  place.work = path.join(place.work, 'shop');
  fs.mkdirSync(place.work);
  place.write('.draft-tasks.toml', TASKS);
  script(place, 'bin/migrate', '[ -e fixed ] && exit 0\nuntil [ -e go ]; do sleep 0.05; done\necho "cannot reach the database" >&2\nexit 3');
  script(place, 'bin/seed', 'true');
  script(place, 'bin/stop', 'true');
  place.install(vsix);
  await place.start();
  const window = await Window.open(browser, place, 'readme');
  const { page } = window;
  const frames = [];
  const frame = async (seconds) => frames.push({ png: await page.screenshot(), seconds });
  const shot = (name) => page.screenshot({ path: path.join(extension, 'images', `${name}.png`) });
  try {
    await page.setViewportSize({ width: 1000, height: 600 });
    await window.openFile('.draft-tasks.toml');
    await window.lens('Run pre-up (3 tasks)').waitFor();
    await window.command('View: Show Testing');
    await window.expand('shop');
    await window.expand('pre-up');
    await frame(1.5);
    await window.lens('Run pre-up (3 tasks)').click();
    await window.untilOutput('migrate the database');
    await window.test('migrate the database').locator('.codicon-loading').waitFor();
    await frame(1.5);
    place.write('go', '');
    await window.notification('1 failed').waitFor();
    await window.dismiss();
    await window.test('migrate the database').locator('.codicon-testing-failed-icon').waitFor();
    await frame(3);
    await shot('running');
    place.write('fixed', '');
    await window.command('Draft Tasks: Run Failed Tasks Again');
    await window.test('seed the database').locator('.codicon-testing-passed-icon').waitFor();
    await frame(3);
    fs.writeFileSync(path.join(extension, 'images', 'run.png'), film(frames));
    fs.rmSync(place.path('fixed'));
    await window.lens('Run pre-up (3 tasks)').click();
    await window.notification('1 failed').waitFor();
    await window.dismiss();
    await window.command('View: Toggle Panel Visibility');
    await page.locator('.view-line span', { hasText: 'bin/migrate' }).last().hover();
    await window.text('.monaco-hover:visible', 'Runs exactly this').waitFor();
    // It comes by and by, with the colors of the theme last.
    await until('the hover is there', () => page.evaluate(() => [...document.querySelectorAll('.monaco-hover, .monaco-resizable-hover')]
      .every((hover) => getComputedStyle(hover).opacity === '1' && hover.getAnimations().every((it) => it.playState === 'finished'))));
    await shot('hover');
  } finally {
    await page.close();
    await place.stop();
    place.remove();
  }
}
