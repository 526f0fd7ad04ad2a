// Bundles the extension, and with --tests what its tests need.
import { build } from 'esbuild';

const common = {
  bundle: true,
  platform: 'node',
  format: 'cjs',
  // What the oldest VS Code that the manifest names runs extensions with.
  target: 'node20',
  external: ['vscode'],
  logLevel: 'warning',
};

await build({ ...common, entryPoints: ['src/extension.ts'], outfile: 'dist/extension.js', minify: true, sourcemap: false });

if (process.argv.includes('--tests')) {
  await build({
    ...common,
    external: ['vscode', 'mocha', 'vscode-textmate', 'vscode-oniguruma'],
    entryPoints: { host: 'test/host/index.ts', unit: 'test/unit/index.ts' },
    outdir: 'dist-test',
    sourcemap: 'inline',
  });
}
