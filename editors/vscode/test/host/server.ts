// The server's life: found, refused, crashed and started again.
import * as fs from 'node:fs';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { clientCommands, commands, tasksFile } from '../../src/protocol';
import { api, assert, edit, folder, listen, until, untilCodes } from './support';

const SHOP = vscode.Uri.joinPath(folder('shop').uri, tasksFile);

describe('the server', () => {
  it('is the one of the setting, once for the window', async () => {
    const { server } = await api();
    assert.equal(server.state, 'running');
    assert.ok(server.found?.kind === 'program' && server.found.origin === 'setting');
  });

  it('has its commands registered by the library, and the extension has all of its own', async () => {
    const all = await vscode.commands.getCommands(true);
    for (const command of [...Object.values(commands), ...Object.values(clientCommands)]) assert.ok(all.includes(command), command);
  });

  it('is started again when it was killed, and what ran is told as ended', async () => {
    const { server, runs } = await api();
    await edit(SHOP, '[post-delete]\n"a" = "true"\n\n[pre-up]\n"wait" = "sleep 1000"\n');
    await untilCodes(SHOP, ['post-delete']);
    const heard = await listen();
    const { run } = await server.execute<{ run: string }>(commands.runPhase, { uri: SHOP.toString(), phase: 'pre-up' });
    await until('it runs', () => runs.active.length === 1);
    const pid = server.pid;
    assert.ok(pid !== undefined);
    process.kill(pid, 'SIGKILL');
    const ended = await heard.finished(run);
    assert.equal(ended.outcome, 'interrupted');
    await until('another server runs', () => server.state === 'running' && server.pid !== undefined && server.pid !== pid);
    await edit(SHOP, '[pre-up]\n"a" = "true"\n');
    await untilCodes(SHOP, []);
    const again = await server.execute<{ run: string }>(commands.runPhase, { uri: SHOP.toString(), phase: 'pre-up' });
    assert.equal((await heard.finished(again.run)).outcome, 'passed');
  });

  it('that is missing, another program or of another version is refused, and a right one taken again', async () => {
    const { server } = await api();
    const settings = (): vscode.WorkspaceConfiguration => vscode.workspace.getConfiguration('draftTasks');
    const right = settings().get<string>('server.path');
    const scripts = folder('shop').uri.fsPath;
    const script = (name: string, text: string): string => {
      const file = path.join(scripts, name);
      fs.writeFileSync(file, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
      return file;
    };
    const cases: [string, RegExp][] = [
      [path.join(scripts, 'none'), /which does not exist/],
      [script('old.sh', 'echo draft-tasks 0.0.1'), /is version 0\.0\.1, and this extension needs /],
      [script('other.sh', 'echo hello'), /another program/],
      [script('broken.sh', 'echo no library >&2; exit 127'), /does not start: no library/],
    ];
    for (const [file, problem] of cases) {
      await settings().update('server.path', file, vscode.ConfigurationTarget.Global);
      await until(`the problem of ${file}`, () => server.state === 'problem' && server.found?.kind === 'problem' && problem.test(server.found.problem));
      await assert.rejects(server.execute(commands.clear, {}), problem);
    }
    await settings().update('server.path', right, vscode.ConfigurationTarget.Global);
    await until('the server runs again', () => server.state === 'running');
    await edit(SHOP, '[post-delete]\n"a" = "true"\n');
    await untilCodes(SHOP, ['post-delete']);
  });
});
