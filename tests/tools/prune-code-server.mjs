// Takes out of code-server's copy of VS Code what neither its server, nor its extension host, search or terminal loads:
// hundreds of megabytes, some of which cannot be built without further libraries.
//
//   node prune-code-server.mjs FOLDER/lib/vscode
import fs from 'node:fs';
import path from 'node:path';

const folder = process.argv[2];
const read = (name) => JSON.parse(fs.readFileSync(path.join(folder, name), 'utf8'));
const write = (name, value) => fs.writeFileSync(path.join(folder, name), JSON.stringify(value, null, 2));

const unused = [
  '@devcontainers/cli', '@github/copilot-sdk', '@microsoft/mxc-sdk', '@vscode/copilot-api', '@vscode/sandbox-runtime',
  '@vscode/sqlite3', '@vscode/windows-process-tree', '@vscode/windows-registry', 'kerberos', 'ssh2',
];

const manifest = read('package.json');
const lock = read('npm-shrinkwrap.json');
const packages = lock.packages;
const direct = packages[''].dependencies;

for (const name of unused) {
  delete manifest.dependencies[name];
  delete direct[name];
}
delete manifest.devDependencies;
delete packages[''].devDependencies;
manifest.dependencies.tslib = '2.8.1'; // a peer that the lock leaves open

// What the lock takes from a repository, the registry has in the same version.
for (const [place, entry] of Object.entries(packages)) {
  if (!/^git\+/.test(entry.resolved ?? '')) continue;
  const name = place.replace(/^.*node_modules\//, '');
  manifest.dependencies[name] = direct[name] = entry.version;
  delete packages[place];
}

// The watcher of files in older versions crashes in the Node that runs them here.
const watcher = packages['node_modules/@parcel/watcher'];
if (watcher !== undefined && /^2\.[0-4]\./.test(watcher.version)) {
  manifest.dependencies['@parcel/watcher'] = direct['@parcel/watcher'] = '2.5.6';
  delete packages['node_modules/@parcel/watcher'];
}

// The place of a package that the one at `from` needs: in its own folder, or in one of those above.
function resolve(from, name) {
  for (let base = from; ;) {
    const place = `${base ? `${base}/` : ''}node_modules/${name}`;
    if (packages[place]) return place;
    if (!base) return undefined;
    const above = base.lastIndexOf('/node_modules/');
    base = above < 0 ? '' : base.slice(0, above);
  }
}

const needed = new Set(['']);
const waiting = [''];
while (waiting.length > 0) {
  const from = waiting.pop();
  const { dependencies, optionalDependencies, peerDependencies } = packages[from];
  for (const name of Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies })) {
    const place = resolve(from, name);
    if (place === undefined || needed.has(place)) continue;
    needed.add(place);
    waiting.push(place);
  }
}
for (const place of Object.keys(packages)) if (!needed.has(place)) delete packages[place];

write('package.json', manifest);
write('npm-shrinkwrap.json', lock);
