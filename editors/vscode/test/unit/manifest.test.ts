import * as assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { test } from 'node:test';
import { settingOptions } from '../../src/protocol';
import { clientCommands, commands } from '../../src/protocol';

interface Manifest {
  readonly contributes: {
    readonly commands: { command: string }[];
    readonly menus: Record<string, { command: string }[]>;
    readonly configuration: { title: string; properties: Record<string, { scope: string; type: unknown; default: unknown; enum?: unknown[]; enumDescriptions?: unknown[] }> }[];
    readonly viewsWelcome: { contents: string }[];
  };
  readonly capabilities: { readonly untrustedWorkspaces: { restrictedConfigurations: string[] } };
}

// The tests run in the folder of the extension.
const manifest = JSON.parse(fs.readFileSync('package.json', 'utf8')) as Manifest;
const { contributes } = manifest;

test('all commands of menus are commands of the extension, and none is the server\'s', () => {
  const known: string[] = Object.values(clientCommands);
  const used = Object.values(contributes.menus).flat().map(({ command }) => command);
  const welcome = contributes.viewsWelcome.flatMap(({ contents }) => [...contents.matchAll(/command:([\w.]+)/g)].map(([, id]) => id ?? ''));
  for (const command of [...used, ...welcome, ...contributes.commands.map((it) => it.command)]) assert.ok(known.includes(command), command);
  for (const command of Object.values(commands)) assert.ok(!JSON.stringify(contributes).includes(command), command);
});

test('the path of the server is for a machine, and restricted', () => {
  const settings = Object.assign({}, ...contributes.configuration.map(({ properties }) => properties)) as typeof contributes.configuration[0]['properties'];
  assert.equal(settings['draftTasks.server.path']?.scope, 'machine');
  assert.ok(manifest.capabilities.untrustedWorkspaces.restrictedConfigurations.includes('draftTasks.server.path'));
  for (const name of manifest.capabilities.untrustedWorkspaces.restrictedConfigurations) assert.ok(name in settings, name);
});

test('what a project chooses has no default in the editor, and each choice is described', () => {
  const settings = Object.assign({}, ...contributes.configuration.map(({ properties }) => properties)) as typeof contributes.configuration[0]['properties'];
  for (const name of ['draftVersion', 'semantics', 'kubernetes.concurrency']) assert.equal(settings[`draftTasks.${name}`]?.default, null, name);
  for (const name of ['rules', 'onFailure']) assert.deepEqual(settings[`draftTasks.${name}`]?.default, {}, name);
  for (const [name, setting] of Object.entries(settings)) assert.equal(setting.enum?.length, setting.enumDescriptions?.length, name);
});

test('settings stand in groups, and a text is typed into a box, of which an empty one says nothing', () => {
  assert.deepEqual(contributes.configuration.map(({ title }) => title), ['Run', 'Kubernetes', 'Output', 'Editor', 'Rules']);
  const groupOf = (name: string): string | undefined => contributes.configuration.find(({ properties }) => `draftTasks.${name}` in properties)?.title;
  assert.deepEqual(
    ['run.timeout', 'kubernetes.context', 'environment', 'run.keep', 'output.view', 'codeLens', 'rules'].map(groupOf),
    ['Run', 'Kubernetes', 'Kubernetes', 'Output', 'Output', 'Editor', 'Rules'],
  );
  const settings = Object.assign({}, ...contributes.configuration.map(({ properties }) => properties)) as typeof contributes.configuration[0]['properties'];
  for (const name of ['run.timeout', 'environment', 'kubernetes.context', 'kubernetes.selector', 'server.path']) {
    assert.deepEqual([settings[`draftTasks.${name}`]?.type, settings[`draftTasks.${name}`]?.default], ['string', ''], name);
  }
});

test('each setting that changes a run is an option of the command line, or is none there on purpose', () => {
  const settings = Object.keys(Object.assign({}, ...contributes.configuration.map(({ properties }) => properties)) as object);
  const elsewhere = [
    // Handed over in another way, or not as an option of `run`.
    'onFailure', 'run.env', 'kubernetes.localContexts', 'kubernetes.goneTimeout', 'kubernetes.once',
    // Of what the editor shows.
    'output.show', 'output.view', 'server.path', 'codeLens', 'inlayHints', 'resultHints', 'rules', 'run.diagnostics', 'syntaxErrors', 'workspaceDiagnostics',
  ];
  assert.deepEqual([...Object.keys(settingOptions), ...elsewhere].map((name) => `draftTasks.${name}`).sort(), settings.sort());
  const help = fs.readFileSync('../../docs/cli.md', 'utf8');
  const run = help.slice(help.indexOf('## draft-tasks run\n'), help.indexOf('## draft-tasks rerun\n'));
  for (const option of Object.values(settingOptions)) assert.match(run, new RegExp(` ${option} <`));
});
