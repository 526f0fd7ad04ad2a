// The language: which files have it, and what the server says of them.
import * as vscode from 'vscode';
import { language, settingsFile, tasksFile } from '../../src/protocol';
import { api, assert, codes, edit, folder, until, untilCodes, write } from './support';

const TASKS = vscode.Uri.joinPath(folder('shop').uri, tasksFile);

describe('the language', () => {
  before(async () => void (await api()));

  it('is that of tasks files, and the settings of a project have their own', async () => {
    assert.equal((await vscode.workspace.openTextDocument(TASKS)).languageId, language);
    const settings = await write('bakery', settingsFile, '');
    assert.equal((await vscode.workspace.openTextDocument(settings)).languageId, 'draft-tasks-config');
    await vscode.workspace.fs.delete(settings);
  });

  it('is that of a tasks.toml beside charts, and not of another', async () => {
    const other = await write('shop', 'other/tasks.toml', 'x = 1\n');
    assert.notEqual((await vscode.workspace.openTextDocument(other)).languageId, language);
    await write('shop', 'pack/charts/Chart.yaml', 'name: x\n');
    const pack = await write('shop', 'pack/tasks.toml', '[pre-up]\na = "true"\n');
    await vscode.workspace.openTextDocument(pack);
    await until('the pack has the language', () => vscode.workspace.textDocuments.some((it) => it.uri.path === pack.path && it.languageId === language));
  });

  it('has diagnostics of the server, one for each problem', async () => {
    await edit(TASKS, '[post-delete]\n"bye" = "echo bye"\n');
    await untilCodes(TASKS, ['post-delete']);
    assert.equal(vscode.languages.getDiagnostics(TASKS)[0]?.source, 'draft-tasks');
    await edit(TASKS, '[pre-up\n"a" = "true"\n');
    await untilCodes(TASKS, ['syntax']);
  });

  it('has a settings file of the project, and no default of the editor goes before it', async () => {
    await edit(TASKS, '[post-up]\n"a" = "true"\n');
    await untilCodes(TASKS, ['post-up']);
    const settings = await write('shop', settingsFile, '[rules]\npost-up = "off"\n');
    await untilCodes(TASKS, []);
    await vscode.workspace.fs.delete(settings);
    await untilCodes(TASKS, ['post-up']);
  });

  it('takes a setting of the editor at once', async () => {
    const rules = vscode.workspace.getConfiguration('draftTasks');
    await rules.update('rules', { 'post-up': 'off' }, vscode.ConfigurationTarget.Workspace);
    await untilCodes(TASKS, []);
    await rules.update('rules', undefined, vscode.ConfigurationTarget.Workspace);
    await untilCodes(TASKS, ['post-up']);
  });

  it('completes an empty file', async () => {
    await edit(TASKS, '');
    const found = await vscode.commands.executeCommand<vscode.CompletionList>('vscode.executeCompletionItemProvider', TASKS, new vscode.Position(0, 0));
    const labels = found.items.map(({ label }) => (typeof label === 'string' ? label : label.label));
    assert.ok(labels.some((label) => label.includes('pre-up')), labels.join());
    assert.ok(labels.includes('the example of DEP-8'), labels.join());
  });

  it('shows what a command runs', async () => {
    await edit(TASKS, '[pre-up]\n"a" = "echo \'hello world\'"\n');
    const hovers = await vscode.commands.executeCommand<vscode.Hover[]>('vscode.executeHoverProvider', TASKS, new vscode.Position(1, 8));
    const text = hovers.flatMap(({ contents }) => contents).map((it) => (typeof it === 'string' ? it : it.value)).join('\n');
    assert.ok(text.includes('hello world'), text);
  });

  it('fixes by code action', async () => {
    const document = await edit(TASKS, '[post-delete]\n"bye" = "echo bye"\n');
    await untilCodes(TASKS, ['post-delete']);
    const actions = await vscode.commands.executeCommand<vscode.CodeAction[]>('vscode.executeCodeActionProvider', TASKS, new vscode.Range(0, 2, 0, 2));
    const fix = actions.find(({ title }) => title === 'Rename to `cleanup`');
    assert.ok(fix?.edit, actions.map(({ title }) => title).join());
    assert.ok(!fix.isPreferred, 'its tasks run from then on');
    await vscode.workspace.applyEdit(fix.edit);
    assert.equal(document.lineAt(0).text, '[cleanup]');
    await untilCodes(TASKS, []);
  });

  it('fixes draft.toml as it is in the editor', async () => {
    const draft = await write('shop', 'draft.toml', '[environments.development]\nname = "app"\nnamespace = "a"\nauto-connect = true\n');
    await edit(TASKS, '[post-deploy]\n"a" = "true"\n');
    await untilCodes(TASKS, ['auto-connect']);
    const document = await vscode.workspace.openTextDocument(draft);
    const change = new vscode.WorkspaceEdit();
    change.insert(draft, new vscode.Position(0, 0), '# not saved\n');
    await vscode.workspace.applyEdit(change);
    const actions = await vscode.commands.executeCommand<vscode.CodeAction[]>('vscode.executeCodeActionProvider', TASKS, new vscode.Range(0, 2, 0, 2));
    const fix = actions.find(({ title }) => title.startsWith('Set `auto-connect'));
    assert.ok(fix?.edit, actions.map(({ title }) => title).join());
    await vscode.workspace.applyEdit(fix.edit);
    assert.equal(document.lineAt(4).text, 'auto-connect = false');
    await document.save();
    await untilCodes(TASKS, []);
    await vscode.workspace.fs.delete(draft);
  });

  it('has what is wrong in draft.toml as a problem of it, open or not', async () => {
    const draft = await write('shop', 'draft.toml', '[environments.development]\nname = "app"\nnamespace = 3\n');
    await edit(TASKS, '[post-deploy]\n"a" = "echo draft"\n');
    await untilCodes(draft, ['broken-draft-toml']);
    const document = await vscode.workspace.openTextDocument(draft);
    const change = new vscode.WorkspaceEdit();
    change.replace(draft, new vscode.Range(2, 12, 2, 13), '"a"');
    await vscode.workspace.applyEdit(change);
    await untilCodes(draft, []);
    await document.save();
    await vscode.workspace.fs.delete(draft);
  });

  it('offers what can be run under More Actions, by the kinds that the server announced', async () => {
    await edit(TASKS, '[pre-up]\n"a" = "true"\n');
    const actions = await until('actions that run something', async () => {
      const all = await vscode.commands.executeCommand<vscode.CodeAction[]>('vscode.executeCodeActionProvider', TASKS, new vscode.Range(1, 1, 1, 1), 'draft-tasks.run');
      const running = all.filter(({ kind }) => kind?.value === 'draft-tasks.run');
      return running.length > 0 && running;
    });
    assert.deepEqual(actions.map(({ title }) => title), ['Run "a"', 'Run pre-up (1 task)']);
  });

  it('is understood in an untitled document, which cannot run', async () => {
    const document = await vscode.workspace.openTextDocument({ language, content: '[post-delete]\na = "true"\n' });
    await untilCodes(document.uri, ['post-delete']);
    const { server } = await api();
    await assert.rejects(server.execute('draft-tasks.runPhase', { uri: document.uri.toString(), phase: 'cleanup' }), /./);
    await vscode.window.showTextDocument(document);
    await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
  });

  it('is left alone in the old version of a comparison', async () => {
    const scheme = 'git';
    const provider = vscode.workspace.registerTextDocumentContentProvider('old', { provideTextDocumentContent: () => '[post-delete]\na = "true"\n' });
    const old = vscode.Uri.from({ scheme: 'old', path: TASKS.path, query: scheme });
    const document = await vscode.workspace.openTextDocument(old);
    assert.equal(document.languageId, language);
    // What is asked of the server after the document was opened is answered after it was told of it.
    await edit(TASKS, '[post-delete]\n"bye" = "echo bye"\n');
    await untilCodes(TASKS, ['post-delete']);
    assert.deepEqual(codes(old), []);
    provider.dispose();
  });
});
