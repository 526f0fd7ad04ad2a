// Runs in a real terminal, as tasks of the editor.
import * as vscode from 'vscode';
import { clientCommands, language, tasksFile } from '../../src/protocol';
import { api, assert, edit, folder, read, until, write } from './support';

const SHOP = vscode.Uri.joinPath(folder('shop').uri, tasksFile);

/** The exit codes of the processes of the editor's tasks from now on, by their names. */
function ends(): Map<string, number | undefined> {
  const codes = new Map<string, number | undefined>();
  vscode.tasks.onDidEndTaskProcess(({ execution, exitCode }) => codes.set(execution.task.name, exitCode));
  return codes;
}

describe('the terminal', () => {
  before(async () => {
    const { server } = await api();
    await until('the server runs', () => server.state === 'running');
  });

  it('has a task for each phase and each task of it', async () => {
    await edit(SHOP, '[pre-up]\n"one" = "true"\n\n[cleanup]\n"two" = "true"\n');
    await write('shop', `deep/${tasksFile}`, '[pre-up]\n"three" = "true"\n');
    const names = await until('the tasks of both files', async () => {
      const found = (await vscode.tasks.fetchTasks({ type: language })).filter(({ scope }) => scope === folder('shop')).map(({ name }) => name).sort();
      return found.length === 6 && found;
    });
    assert.deepEqual(names, ['cleanup', 'cleanup · two', 'pre-up', 'pre-up · one', 'shop/deep · pre-up', 'shop/deep · pre-up · three']);
    await vscode.workspace.fs.delete(vscode.Uri.joinPath(folder('shop').uri, 'deep'), { recursive: true });
  });

  it('runs what tasks.json names, and its exit code is that of the run', async () => {
    await edit(SHOP, '[pre-up]\n"note" = "sh -c \'echo noted > note\'"\n"fails" = "false"\n');
    const tasks = [{ label: 'before launch', type: language, phase: 'pre-up', task: 'note' }, { label: 'all of it', type: language, phase: 'pre-up' }];
    await write('shop', '.vscode/tasks.json', JSON.stringify({ version: '2.0.0', tasks }));
    const codes = ends();
    for (const { label } of tasks) {
      const task = await until(`the task ${label}`, async () => (await vscode.tasks.fetchTasks({ type: language })).find(({ name }) => name === label));
      await vscode.tasks.executeTask(task);
      await until(`the end of ${label}`, () => codes.has(label));
    }
    assert.equal(await read('shop', 'note'), 'noted\n');
    assert.deepEqual([...codes], [['before launch', 0], ['all of it', 1]]);
    await vscode.workspace.fs.delete(vscode.Uri.joinPath(folder('shop').uri, '.vscode'), { recursive: true });
  });

  it('is lent to the task at the cursor', async () => {
    await write('shop', 'ask.sh', 'if [ -t 0 ] && [ -t 1 ]; then echo "terminal in $PLACE" > asked; else echo none > asked; fi\n');
    await edit(SHOP, '[pre-up]\n"ask" = "sh ask.sh"\n');
    const settings = vscode.workspace.getConfiguration('draftTasks');
    await settings.update('run.env', { PLACE: 'the bakery' }, vscode.ConfigurationTarget.Workspace);
    const editor = await vscode.window.showTextDocument(SHOP);
    editor.selection = new vscode.Selection(1, 2, 1, 2);
    const codes = ends();
    await vscode.commands.executeCommand(clientCommands.runInTerminal);
    await until('its end', () => codes.has('pre-up · ask'));
    assert.equal(await read('shop', 'asked'), 'terminal in the bakery\n');
    await settings.update('run.env', undefined, vscode.ConfigurationTarget.Workspace);
  });

  it('tells which tasks of a phase run once', async () => {
    await edit(SHOP, '[pre-up]\n"look" = "true"\n\n[post-deploy]\n"migrate" = "true"\n"warm up" = "true"\n');
    const settings = vscode.workspace.getConfiguration('draftTasks', SHOP);
    await settings.update('kubernetes.once', ['migrate', 'look', 'of another file'], vscode.ConfigurationTarget.WorkspaceFolder);
    let once = new Map<string, string[]>();
    await until('the tasks', async () => {
      const found = (await vscode.tasks.fetchTasks({ type: language })).filter(({ scope }) => scope === folder('shop'));
      once = new Map(found.map(({ name, execution }) =>
        [name, (execution as vscode.ProcessExecution).args.filter((it) => it.startsWith('--once'))]));
      // Those of a tasks.json that was there before may still be among them, and the file of a folder that is gone.
      return ['pre-up · look', 'post-deploy', 'post-deploy · warm up'].every((name) => once.has(name));
    });
    assert.deepEqual(once.get('post-deploy'), ['--once=migrate']);
    assert.deepEqual(once.get('post-deploy · warm up'), ['--once=migrate']);
    assert.deepEqual(once.get('pre-up · look'), []);
    await settings.update('kubernetes.once', undefined, vscode.ConfigurationTarget.WorkspaceFolder);
  });

  it('takes the settings of its file', async () => {
    await write('shop', 'of-shop.env', 'PLACE=shop\n');
    await edit(SHOP, '[pre-up]\n"fails" = "false"\n"note" = "sh -c \'echo $0 > place\' $PLACE"\n');
    const settings = vscode.workspace.getConfiguration('draftTasks', SHOP);
    await settings.update('run.envFile', 'of-shop.env', vscode.ConfigurationTarget.WorkspaceFolder);
    await settings.update('onFailure', { 'pre-up': 'continue' }, vscode.ConfigurationTarget.WorkspaceFolder);
    const { terminal } = await api();
    const codes = ends();
    await terminal.run(SHOP, 'pre-up');
    await until('its end', () => codes.has('pre-up'));
    assert.equal(await read('shop', 'place'), 'shop\n');
    await settings.update('run.envFile', undefined, vscode.ConfigurationTarget.WorkspaceFolder);
    await settings.update('onFailure', undefined, vscode.ConfigurationTarget.WorkspaceFolder);
  });
});
