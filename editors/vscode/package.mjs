// Packages the extension: with a server inside for one platform, or for all without one.
//
//   node package.mjs [--target linux-x64 --binary PATH] [--out FOLDER]
//
// The platforms are those of vsce: linux-x64, linux-arm64, alpine-x64, alpine-arm64, darwin-x64, darwin-arm64, win32-x64,
// win32-arm64. Prints the file and its size.
import { createVSIX } from '@vscode/vsce';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const here = path.dirname(fileURLToPath(import.meta.url));
const { values } = parseArgs({
  options: { target: { type: 'string' }, binary: { type: 'string' }, out: { type: 'string', default: path.join(here, 'dist') } },
});
if ((values.target === undefined) !== (values.binary === undefined)) {
  console.error('package.mjs: --target and --binary belong together: the binary is for one platform');
  process.exit(2);
}

execFileSync(process.execPath, ['build.mjs'], { cwd: here, stdio: 'inherit' });

// In a folder of its own: nothing but what belongs into the package can get there.
const stage = path.join(here, 'dist/stage');
fs.rmSync(stage, { recursive: true, force: true });
fs.mkdirSync(stage);
try {
  const manifest = JSON.parse(fs.readFileSync(path.join(here, 'package.json'), 'utf8'));
  for (const name of ['scripts', 'devDependencies', 'dependencies', 'private']) delete manifest[name];
  for (const name of ['language-configuration.json', 'README.md', 'CHANGELOG.md', 'images', 'syntaxes']) {
    fs.cpSync(path.join(here, name), path.join(stage, name), { recursive: true });
  }
  fs.rmSync(path.join(stage, 'images/icon.svg'));
  // The page of an extension shows pictures of the web alone, and there is no address yet. The walkthrough has them.
  const readme = fs.readFileSync(path.join(stage, 'README.md'), 'utf8');
  fs.writeFileSync(path.join(stage, 'README.md'), readme.replace(/^ *!\[[^\]]*\]\(images\/.*\)\n\n?/gm, ''));
  fs.mkdirSync(path.join(stage, 'dist'));
  fs.copyFileSync(path.join(here, 'dist/extension.js'), path.join(stage, 'dist/extension.js'));
  const licenses = ['LICENSE-MIT', 'LICENSE-APACHE'].map((name) => fs.readFileSync(path.join(here, '../..', name), 'utf8'));
  fs.writeFileSync(path.join(stage, 'LICENSE.txt'), `MIT or Apache 2.0, as you like.\n\n${licenses.join('\n\n')}`);
  if (values.binary !== undefined) {
    const name = values.target.startsWith('win32') ? 'draft-tasks.exe' : 'draft-tasks';
    fs.mkdirSync(path.join(stage, 'bin'));
    fs.copyFileSync(values.binary, path.join(stage, 'bin', name));
    fs.chmodSync(path.join(stage, 'bin', name), 0o755);
  }
  manifest.files = fs.readdirSync(stage, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(stage, path.join(entry.parentPath, entry.name)));
  fs.writeFileSync(path.join(stage, 'package.json'), JSON.stringify(manifest, null, 2));
  const file = path.join(path.resolve(values.out), `draft-tasks-${values.target ?? 'universal'}-${manifest.version}.vsix`);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  // There is no address of the repository that relative links could be made to.
  await createVSIX({
    cwd: stage,
    packagePath: file,
    dependencies: false,
    allowMissingRepository: true,
    rewriteRelativeLinks: false,
    ...(values.target === undefined ? {} : { target: values.target }),
  });
  console.log(`${file} ${(fs.statSync(file).size / 1e6).toFixed(2)} MB`);
} finally {
  fs.rmSync(stage, { recursive: true });
}
