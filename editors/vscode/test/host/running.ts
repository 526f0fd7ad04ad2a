// Running: in the right folder, as a whole or in part, with what is told about it.
import * as vscode from 'vscode';
import { clientCommands, commands, tasksFile } from '../../src/protocol';
import { textOf } from '../../src/runs';
import { api, assert, edit, folder, listen, read, until, untilCodes, write } from './support';

const SHOP = vscode.Uri.joinPath(folder('shop').uri, tasksFile);
const BAKERY = vscode.Uri.joinPath(folder('bakery').uri, tasksFile);

async function run(command: string, argument: object): Promise<string> {
  const { server } = await api();
  return (await server.execute<{ run: string }>(command, argument)).run;
}

/** Whether a process runs; one that has ended and nobody has waited for does not. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s*[ZX]/m.test(require('node:fs').readFileSync(`/proc/${pid}/status`, 'utf8') as string);
  } catch {
    return false;
  }
}

describe('running', () => {
  it('happens in the folder of its file, in each of two roots', async () => {
    await edit(SHOP, '[pre-up]\n"where" = "sh -c \'pwd > where\'"\n');
    await edit(BAKERY, '[pre-up]\n"where" = "sh -c \'pwd > where\'"\n');
    const heard = await listen();
    for (const uri of [SHOP, BAKERY]) {
      const ended = await heard.finished(await run(commands.runPhase, { uri: uri.toString(), phase: 'pre-up' }));
      assert.equal(ended.outcome, 'passed', ended.message);
    }
    assert.equal(await read('shop', 'where'), `${folder('shop').uri.path}\n`);
    assert.equal(await read('bakery', 'where'), `${folder('bakery').uri.path}\n`);
  });

  it('shows phases and tasks of both roots in the tree, which follows the text', async () => {
    const { testing } = await api();
    const tree = (): unknown => [...testing.controller.items].map(([, file]) => [
      file.label, [...file.children].map(([, phase]) => [phase.label, [...phase.children].map(([, task]) => task.label)]),
    ]).sort();
    await edit(SHOP, '[pre-up]\n"one" = "true"\n"two" = "true"\n\n[cleanup]\n"three" = "true"\n');
    const wanted = JSON.stringify([['bakery', [['pre-up', ['where']]]], ['shop', [['pre-up', ['one', 'two']], ['cleanup', ['three']]]]]);
    await until(`the tree ${wanted}`, () => JSON.stringify(tree()) === wanted);
    const three = testing.controller.items.get(SHOP.toString())?.children.get('cleanup')?.children.get('three');
    assert.equal(three?.range?.start.line, 5);
  });

  it('shows a row for each pod of a task that runs inside of several', async () => {
    const { testing, runs } = await api();
    await edit(SHOP, '[post-deploy]\n"sync" = "true"\n');
    const task = await until('the task is in the tree', () =>
      testing.controller.items.get(SHOP.toString())?.children.get('post-deploy')?.children.get('sync'));
    const told = { run: 'of-a-test', uri: SHOP.toString(), phase: 'post-deploy' };
    runs.onRun({ ...told, state: 'started', message: 'post-deploy · 1 task' });
    runs.onRun({ ...told, state: 'waiting', message: '1/2 pods ready' });
    for (const [pod, outcome] of [['web-1', 'passed'], ['web-2', 'failed']] as const) {
      const ofPod = { ...told, task: 'sync', pod };
      runs.onRun({ ...ofPod, state: 'taskStarted', message: 'sync' });
      runs.onOutput({ ...ofPod, pieces: [{ stream: 'stderr', text: 'connection refused\n' }] });
      runs.onRun({ ...ofPod, state: 'taskFinished', outcome, message: `sync ${outcome}` });
    }
    runs.onRun({ ...told, state: 'finished', outcome: 'failed', message: 'post-deploy: 1 of 2 pods failed' });
    assert.deepEqual([...task.children].map(([id]) => id), ['web-1', 'web-2']);
    assert.equal(runs.active.length, 0);
  });

  it('runs some tasks of a phase as one run', async () => {
    await edit(SHOP, '[pre-up]\n"one" = "echo 1"\n"two" = "echo 2"\n"three" = "echo 3"\n');
    const heard = await listen();
    const tasks = [{ task: 'three', command: 'echo 3' }, { task: 'one' }];
    await heard.finished(await run(commands.runTasks, { uri: SHOP.toString(), phase: 'pre-up', tasks }));
    assert.deepEqual(heard.output.map(textOf), ['1\n', '3\n']);
  });

  it('refuses a task whose command has changed', async () => {
    const tasks = [{ task: 'one', command: 'echo something else' }];
    await assert.rejects(run(commands.runTasks, { uri: SHOP.toString(), phase: 'pre-up', tasks }), /changed/);
  });

  it('puts a failure on its line, with a link to the log, until it runs well', async () => {
    await edit(SHOP, '[pre-up]\n"check" = "sh check.sh"\n');
    await write('shop', 'check.sh', '[ -e fixed ] || { echo "cannot reach the database" >&2; exit 3; }\n');
    const heard = await listen();
    const ended = await heard.finished(await run(commands.runPhase, { uri: SHOP.toString(), phase: 'pre-up' }));
    assert.equal(ended.outcome, 'failed');
    await untilCodes(SHOP, ['task-failed']);
    const [found] = vscode.languages.getDiagnostics(SHOP);
    assert.ok(found?.message.includes('cannot reach the database'), found?.message);
    assert.equal(found?.range.start.line, 1);
    const log = found?.relatedInformation?.at(-1)?.location.uri;
    assert.ok(log, 'it leads to the log');
    assert.ok((await vscode.workspace.openTextDocument(log)).getText().includes('cannot reach the database'));
    await write('shop', 'fixed', '');
    await vscode.window.showTextDocument(SHOP);
    await vscode.commands.executeCommand(clientCommands.rerunFailed);
    await until('the run again passed', () => heard.runs.some(({ state, outcome }) => state === 'finished' && outcome === 'passed'));
    await untilCodes(SHOP, []);
  });

  it('says how a task ended behind its line where a setting wants it, since a picture beside the line does', async () => {
    const document = await edit(SHOP, '[pre-up]\n"well" = "true"\n');
    const heard = await listen();
    await heard.finished(await run(commands.runPhase, { uri: SHOP.toString(), phase: 'pre-up' }));
    const whole = new vscode.Range(0, 0, document.lineCount, 0);
    const hints = (): Thenable<vscode.InlayHint[]> => vscode.commands.executeCommand('vscode.executeInlayHintProvider', SHOP, whole);
    assert.deepEqual(await hints(), []);
    const settings = vscode.workspace.getConfiguration('draftTasks');
    await settings.update('resultHints', true, vscode.ConfigurationTarget.Workspace);
    await until('the hint', async () => (await hints()).some(({ position }) => position.line === 1));
    await settings.update('resultHints', undefined, vscode.ConfigurationTarget.Workspace);
    await until('no hint', async () => (await hints()).length === 0);
  });

  it('masks secrets in what is told', async () => {
    const settings = vscode.workspace.getConfiguration('draftTasks');
    await settings.update('run.env', { SHOP_TOKEN: 'bread-and-butter' }, vscode.ConfigurationTarget.Workspace);
    await edit(SHOP, '[pre-up]\n"tell" = "echo token $SHOP_TOKEN"\n');
    const heard = await listen();
    await until('the variable is known', async () => {
      heard.output.length = 0;
      await heard.finished(await run(commands.runPhase, { uri: SHOP.toString(), phase: 'pre-up' }));
      return heard.output.some((message) => textOf(message).includes('***'));
    });
    assert.deepEqual(heard.output.map(textOf), ['token ***\n']);
    const report = vscode.workspace.onDidOpenTextDocument(() => {});
    await vscode.commands.executeCommand(clientCommands.collectReport);
    const text = vscode.window.activeTextEditor?.document.getText() ?? '';
    assert.ok(text.includes('SHOP_TOKEN') && text.includes('# Draft Tasks: report'), text);
    assert.ok(!text.includes('bread-and-butter'), text);
    report.dispose();
    await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
    await settings.update('run.env', undefined, vscode.ConfigurationTarget.Workspace);
  });

  it('shows the output of what ran last, also where somebody has scrolled up', async () => {
    await edit(SHOP, '[pre-up]\n"many" = "seq 500"\n"last" = "sh -c \'echo the last line; exit 3\'"\n');
    const shown = (): vscode.TextEditor | undefined =>
      vscode.window.visibleTextEditors.find(({ document }) => document.languageId === 'draft-tasks-output');
    const sees = (text: string): boolean => shown()?.visibleRanges.some((range) => shown()?.document.getText(range).includes(text)) ?? false;
    const heard = await listen();
    await heard.finished(await run(commands.runPhase, { uri: SHOP.toString(), phase: 'pre-up' }));
    await vscode.commands.executeCommand(clientCommands.showOutput);
    const text = 'the last line';
    await until('the end is shown', () => sees(text));
    shown()?.revealRange(new vscode.Range(0, 0, 0, 0), vscode.TextEditorRevealType.AtTop);
    await until('the beginning is shown', () => shown()?.visibleRanges[0]?.start.line === 0 && !sees(text));
    await vscode.commands.executeCommand(clientCommands.showOutput);
    await until('the end is shown again', () => sees(text));
    await vscode.commands.executeCommand('workbench.action.closePanel');
  });

  it('opens a tasks file that is there already, where one is to be created', async () => {
    await edit(SHOP, '[pre-up]\n"one" = "true"\n');
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    const asked = vscode.commands.executeCommand(clientCommands.create, folder('shop').uri);
    await until('the file is shown', async () => {
      await vscode.commands.executeCommand('notification.acceptPrimaryAction');
      return vscode.window.activeTextEditor?.document.uri.toString() === SHOP.toString();
    });
    await asked;
  });

  it('speaks of no project in the status bar where it could be any of several', async () => {
    const { status } = await api();
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await vscode.commands.executeCommand(clientCommands.clear);
    await until('it names none', () => /^\$\(checklist\) Draft Tasks$/.test(status.item.text));
  });

  it('exports a phase as a script by the code action of its header, opened and not yet saved', async () => {
    const document = await edit(SHOP, '[cleanup]\n"bye" = "echo good bye"\n');
    const header = new vscode.Range(0, 2, 0, 2);
    const actions = (): Thenable<vscode.CodeAction[]> =>
      vscode.commands.executeCommand('vscode.executeCodeActionProvider', document.uri, header, 'draft-tasks.export');
    const action = await until('the action', async () => (await actions())[0]);
    assert.equal(action.title, 'Export cleanup as script');
    assert.ok(action.command);
    await vscode.commands.executeCommand(action.command.command, ...(action.command.arguments ?? []));
    const shown = await until('the script is shown', () => {
      const { activeTextEditor } = vscode.window;
      return activeTextEditor?.document.uri.path.endsWith('/cleanup.sh') && activeTextEditor.document;
    });
    assert.ok(shown.getText().startsWith('#!/bin/sh\n') && shown.getText().includes('echo good bye'), shown.getText());
    assert.ok(shown.isDirty);
    await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
    await vscode.workspace.fs.delete(shown.uri);
  });

  it('stops with everything that it started', async () => {
    await write('shop', 'wait.sh', 'sleep 1000 & echo $! > pid\nwait\n');
    await edit(SHOP, '[cleanup]\n"wait" = "sh wait.sh"\n');
    const heard = await listen();
    const id = await run(commands.runPhase, { uri: SHOP.toString(), phase: 'cleanup' });
    const pid = Number(await until('its process has started', async () => ((await read('shop', 'pid')) ?? '').endsWith('\n') && read('shop', 'pid')));
    assert.ok(isAlive(pid));
    await vscode.commands.executeCommand(clientCommands.stop);
    const ended = await heard.finished(id);
    assert.equal(ended.outcome, 'stopped');
    await until('its process has ended', () => !isAlive(pid));
  });
});
