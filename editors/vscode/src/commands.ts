// The commands of the extension: each finds the file and the phase, and lets the server do the rest.
//
// Must not decide what can run.

import * as vscode from 'vscode';
import type { Documents } from './documents';
import { nameOf, type Files } from './files';
import type { Output } from './output';
import {
  clientCommands, commands, exportTargets, phases as phaseNames, section, tasksFile, workloadPhases,
  type Created, type Examined, type JobList, type Outline, type TargetFound, type Templates, type Up,
} from './protocol';
import { report } from './report';
import type { Runs } from './runs';
import type { Server } from './server';
import type { Status } from './status';
import { choose, CONTEXT, NAMESPACE } from './target';
import type { TerminalTasks } from './terminal';
import type { Testing } from './testing';
import { refuse } from './trust';

/** What commands need. */
export interface Parts {
  readonly context: vscode.ExtensionContext;
  readonly server: Server;
  readonly files: Files;
  readonly runs: Runs;
  readonly output: Output;
  readonly status: Status;
  readonly documents: Documents;
  readonly terminal: TerminalTasks;
  readonly testing: Testing;
}

type Name = keyof typeof clientCommands;

/** What a phase becomes, in words. */
const EXPORTS: Readonly<Record<(typeof exportTargets)[number], string>> = {
  sh: 'a script for any POSIX shell, for make, just and the steps of a pipeline',
  'helm-hook': 'hooks of a chart for Helm: a Job for each task, in the order of their weights',
  'kubernetes-job': 'a Job for the phase: its tasks one after another, in a pod of the image',
};

/** Registers them all. */
export function register(parts: Parts): vscode.Disposable {
  const { server, output } = parts;
  const all: Record<Name, (argument?: unknown) => unknown> = {
    run: (uri) => runPhase(parts, uriOf(uri)),
    runTask: (uri) => runTask(parts, uriOf(uri)),
    runAsJob: (uri) => runAsJob(parts, uriOf(uri)),
    attach: (item) => withJob(parts, commands.attach, 'Attach to a Job', parts.testing.jobOf(item)),
    endJob: (item) => withJob(parts, commands.endJob, 'End a Job', parts.testing.jobOf(item)),
    runInTerminal: (uri) => runInTerminal(parts, uriOf(uri)),
    rerun: (uri) => runIn(parts, commands.rerun, uriOf(uri) ?? parts.files.current()),
    rerunFailed: (uri) => rerunFailed(parts, uriOf(uri)),
    stop: () => stop(parts),
    plan: (uri) => plan(parts, uriOf(uri)),
    export: (uri) => exportPhase(parts, uriOf(uri)),
    showLog: () => showLog(parts),
    clear: () => clear(parts),
    showOutput: () => output.show(),
    showTerminal: () => output.showTerminal(),
    create: (uri) => create(parts, uriOf(uri)),
    menu: () => menu(parts),
    context: (uri) => chooseTarget(parts, CONTEXT, uriOf(uri)),
    namespace: (uri) => chooseTarget(parts, NAMESPACE, uriOf(uri)),
    environment: () => changeEnvironment(parts),
    doctor: () => doctor(parts),
    up: () => around(parts, 'up'),
    delete: () => around(parts, 'delete'),
    explain: (page) => explain(page),
    restartServer: () => server.restart(),
    showServerLog: () => server.log.show(true),
    collectReport: () => collectReport(parts),
    openSettings: () => vscode.commands.executeCommand('workbench.action.openSettings', `@ext:${parts.context.extension.id}`),
  };
  const registered = Object.entries(all).map(([name, run]) =>
    vscode.commands.registerCommand(clientCommands[name as Name], async (argument?: unknown) => {
      try {
        return await run(argument);
      } catch (error) {
        void server.tell(error);
        return undefined;
      }
    }));
  return vscode.Disposable.from(...registered);
}

/** Menus hand over what they were opened on. */
function uriOf(argument: unknown): vscode.Uri | undefined {
  return argument instanceof vscode.Uri ? argument : undefined;
}

async function outline(parts: Parts, uri: vscode.Uri): Promise<Outline> {
  return await parts.server.execute<Outline>(commands.tasks, { uri: uri.toString() });
}

/** The file, and a phase of it, perhaps only one of some: the one at the cursor first. */
async function choosePhase(
  parts: Parts, wanted: vscode.Uri | undefined, title: string, among: readonly string[] = phaseNames,
): Promise<{ uri: vscode.Uri; phase: string } | undefined> {
  const uri = wanted ?? (await parts.files.choose());
  if (uri === undefined) return undefined;
  const phases = (await outline(parts, uri)).phases.filter(({ phase }) => among.includes(phase));
  if (phases.length === 0) {
    const which = among === phaseNames ? '' : ` (${among.join(' or ')})`;
    throw new Error(`${nameOf(uri)} has no phase${which} with tasks`);
  }
  const line = cursor(uri);
  const here = line === undefined ? undefined : phases.filter((phase) => phase.line <= line).at(-1);
  const ordered = here === undefined ? phases : [here, ...phases.filter((phase) => phase !== here)];
  const items = ordered.map(({ phase, tasks }) => ({
    label: phase,
    description: tasks.length === 1 ? '1 task' : `${tasks.length} tasks`,
    detail: tasks.map((it) => it.task).join(', '),
  }));
  const chosen = await vscode.window.showQuickPick(items, { title: `${title} of ${nameOf(uri)}`, placeHolder: 'Phase' });
  return chosen === undefined ? undefined : { uri, phase: chosen.label };
}

/** The line of the cursor, from 0, where the file is the one that is looked at. */
function cursor(uri: vscode.Uri): number | undefined {
  const editor = vscode.window.activeTextEditor;
  return editor?.document.uri.toString() === uri.toString() ? editor.selection.active.line : undefined;
}

async function runPhase(parts: Parts, wanted: vscode.Uri | undefined): Promise<unknown> {
  if (!vscode.workspace.isTrusted) return refuse();
  const chosen = await choosePhase(parts, wanted, 'Run a phase');
  if (chosen === undefined) return undefined;
  return await parts.server.execute(commands.runPhase, { uri: chosen.uri.toString(), phase: chosen.phase });
}

/** A phase of what is deployed, as a Job of its workload. */
async function runAsJob(parts: Parts, wanted: vscode.Uri | undefined): Promise<unknown> {
  if (!vscode.workspace.isTrusted) return refuse();
  const chosen = await choosePhase(parts, wanted, 'Run a phase as a Job', workloadPhases);
  if (chosen === undefined) return undefined;
  return await parts.server.execute(commands.runAsJob, { uri: chosen.uri.toString(), phase: chosen.phase });
}

/** The Job that is wanted; else one of those that records know to go on, or one that the user names. */
async function withJob(parts: Parts, command: string, title: string, wanted: string | undefined): Promise<unknown> {
  if (!vscode.workspace.isTrusted) return refuse();
  if (wanted !== undefined) return await parts.server.execute(command, { job: wanted });
  const { jobs } = await parts.server.execute<JobList>(commands.jobs, {});
  const known = jobs.map(({ job, phase, description, uri }) => ({
    label: phase, description, detail: uri === undefined ? '' : nameOf(vscode.Uri.parse(uri)), job: job as string | undefined,
  }));
  const other = { label: '$(edit) Another one…', description: 'made on another machine', detail: '', job: undefined };
  const chosen = await vscode.window.showQuickPick([...known, other], { title, placeHolder: 'Which Job?', matchOnDescription: true });
  if (chosen === undefined) return undefined;
  if (chosen.job !== undefined) return await parts.server.execute(command, { job: chosen.job });
  const uri = await parts.files.choose();
  if (uri === undefined) return undefined;
  const job = (await vscode.window.showInputBox({ title, prompt: `The name of the Job of ${nameOf(uri)}` }))?.trim();
  return job === undefined || job === '' ? undefined : await parts.server.execute(command, { job, uri: uri.toString() });
}

function noTask(uri: vscode.Uri): Error {
  return new Error(`${nameOf(uri)} has no task yet: write one below a phase, such as "greet" = "echo hello"`);
}

/** The task at the cursor, else one that the user chooses. */
async function runTask(parts: Parts, wanted: vscode.Uri | undefined): Promise<unknown> {
  if (!vscode.workspace.isTrusted) return refuse();
  const uri = wanted ?? (await parts.files.choose());
  if (uri === undefined) return undefined;
  const { phases } = await outline(parts, uri);
  const items = phases.flatMap(({ phase, tasks }) => tasks.map((task) => ({
    label: task.task, description: phase, detail: task.command, argument: { uri: uri.toString(), phase, task: task.task, command: task.command }, line: task.line,
  })));
  if (items.length === 0) throw noTask(uri);
  const line = cursor(uri);
  const chosen = items.find((item) => item.line === line)
    ?? (await vscode.window.showQuickPick(items, { title: `Run a task of ${nameOf(uri)}`, placeHolder: 'Task', matchOnDescription: true }));
  return chosen === undefined ? undefined : await parts.server.execute(commands.runTask, chosen.argument);
}

/** The task or phase at the cursor, else one that the user chooses. */
async function runInTerminal(parts: Parts, wanted: vscode.Uri | undefined): Promise<unknown> {
  if (!vscode.workspace.isTrusted) return refuse();
  const uri = wanted ?? (await parts.files.choose());
  if (uri === undefined) return undefined;
  const { phases } = await outline(parts, uri);
  const items = phases.flatMap(({ phase, line, tasks }) => [
    { label: phase, description: 'all its tasks', line, phase, task: undefined },
    ...tasks.map(({ task, line }) => ({ label: task, description: phase, line, phase, task })),
  ]);
  if (items.length === 0) throw noTask(uri);
  const line = cursor(uri);
  const chosen = items.find((item) => item.line === line)
    ?? (await vscode.window.showQuickPick(items, { title: `Run in a terminal, of ${nameOf(uri)}`, placeHolder: 'Phase or task', matchOnDescription: true }));
  if (chosen === undefined) return undefined;
  await parts.terminal.run(uri, chosen.phase, chosen.task);
  return undefined;
}

async function runIn(parts: Parts, command: string, uri: vscode.Uri | undefined): Promise<unknown> {
  if (!vscode.workspace.isTrusted) return refuse();
  return await parts.server.execute(command, uri === undefined ? {} : { uri: uri.toString() });
}

async function rerunFailed(parts: Parts, wanted: vscode.Uri | undefined): Promise<unknown> {
  const last = parts.runs.lastOf();
  const failed = last?.outcome === 'failed' ? vscode.Uri.parse(last.uri) : undefined;
  const uri = wanted ?? parts.files.current() ?? failed ?? (await parts.files.choose());
  return uri === undefined ? undefined : await runIn(parts, commands.rerunFailed, uri);
}

/** What runs, all of it or what the user chooses. */
async function stop(parts: Parts): Promise<unknown> {
  const { active } = parts.runs;
  if (active.length === 0) return void vscode.window.showInformationMessage('Draft Tasks: nothing runs.');
  if (active.length === 1) return await parts.server.execute(commands.stop, {});
  const items = [
    { label: '$(debug-stop) All', run: undefined as string | undefined, description: `${active.length} runs` },
    ...active.map(({ run, uri, phase, task }) => ({ label: `$(debug-stop) ${phase}`, run, description: `${nameOf(vscode.Uri.parse(uri))}${task === undefined ? '' : ` · ${task}`}` })),
  ];
  const chosen = await vscode.window.showQuickPick(items, { placeHolder: 'Stop which run?' });
  if (chosen === undefined) return undefined;
  return await parts.server.execute(commands.stop, chosen.run === undefined ? {} : { run: chosen.run });
}

async function plan(parts: Parts, wanted: vscode.Uri | undefined): Promise<unknown> {
  const chosen = await choosePhase(parts, wanted, 'Show the plan of a phase');
  if (chosen === undefined) return undefined;
  return await vscode.commands.executeCommand(commands.plan, { uri: chosen.uri.toString(), phase: chosen.phase });
}

async function exportPhase(parts: Parts, wanted: vscode.Uri | undefined): Promise<unknown> {
  if (!vscode.workspace.isTrusted) return refuse();
  const chosen = await choosePhase(parts, wanted, 'Export a phase');
  if (chosen === undefined) return undefined;
  const title = `Export ${chosen.phase}`;
  const forms = exportTargets.map((target) => ({ label: target, detail: EXPORTS[target] }));
  const form = await vscode.window.showQuickPick(forms, { title, placeHolder: 'As what?' });
  if (form === undefined) return undefined;
  const argument = { uri: chosen.uri.toString(), phase: chosen.phase, target: form.label };
  if (form.label === 'sh') return await parts.server.execute(commands.export, argument);
  const placeHolder = form.label === 'helm-hook' ? '{{ .Values.image }}' : 'registry.example/web:1';
  const image = await vscode.window.showInputBox({ title, prompt: 'The image in which the tasks run', placeHolder, ignoreFocusOut: true });
  if (image === undefined || image.trim() === '') return undefined;
  const prompt = 'Where the cluster has variables: secret/NAME, configmap/NAME or VARIABLE=secret/NAME, with spaces between several; empty for none';
  const sources = await vscode.window.showInputBox({ title, prompt, ignoreFocusOut: true });
  if (sources === undefined) return undefined;
  const envFrom = sources.split(/\s+/).filter(Boolean);
  return await parts.server.execute(commands.export, { ...argument, image: image.trim(), envFrom });
}

async function showLog(parts: Parts): Promise<unknown> {
  const uri = parts.files.current();
  return await parts.server.execute(commands.showLog, uri === undefined ? {} : { uri: uri.toString() });
}

async function clear(parts: Parts): Promise<void> {
  await parts.server.execute(commands.clear, {});
  parts.runs.forgetLast();
  parts.status.onRun();
  await vscode.commands.executeCommand('testing.clearTestResults');
}

/** A tasks file where there is none, from what the server knows. */
async function create(parts: Parts, wanted: vscode.Uri | undefined): Promise<unknown> {
  if (!vscode.workspace.isTrusted) return refuse();
  const folder = wanted ?? (await chooseFolder(parts));
  if (folder === undefined) return undefined;
  const there = fileIn(folder);
  if (await isThere(there)) return await offerToOpen(there);
  const { templates } = await parts.server.execute<Templates>(commands.templates, {});
  const items = templates.map(({ title, about, pack, example }) => ({ label: title, description: about, pack, example }));
  const chosen = await vscode.window.showQuickPick(items, { title: 'Create .draft-tasks.toml', placeHolder: 'From what?', matchOnDescription: true });
  if (chosen === undefined) return undefined;
  const argument = { uri: folder.toString(), example: chosen.example, ...(chosen.pack === undefined ? {} : { pack: chosen.pack }) };
  const { uri } = await parts.server.execute<Created>(commands.create, argument);
  await opened(vscode.Uri.parse(uri));
  return uri;
}

/** Shows a file that the server makes by an edit, and keeps it: the edit alone leaves it unsaved. */
async function opened(uri: vscode.Uri): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      const document = await vscode.workspace.openTextDocument(uri);
      await vscode.window.showTextDocument(document);
      await document.save();
      return;
    } catch (error) {
      // The edit comes behind the answer, in its own time.
      if (tries === 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

/** One of the folders that have no tasks file. */
async function chooseFolder({ files }: Parts): Promise<vscode.Uri | undefined> {
  const folders = vscode.workspace.workspaceFolders ?? [];
  if (folders.length === 0) throw new Error('open a folder first: the file is made in it');
  if (folders.length === 1) return folders[0]?.uri;
  const known = files.all.map(String);
  const free = folders.filter(({ uri }) => !known.includes(fileIn(uri).toString()));
  if (free.length === 0) throw new Error(`each folder of the workspace has a ${tasksFile} already`);
  const items = free.map(({ name, uri }) => ({ label: name, description: uri.fsPath, uri }));
  return (await vscode.window.showQuickPick(items, { placeHolder: 'In which folder?' }))?.uri;
}

function fileIn(folder: vscode.Uri): vscode.Uri {
  return vscode.Uri.joinPath(folder, tasksFile);
}

/** Whether a file is there; one that cannot be looked at is left to the server. */
async function isThere(uri: vscode.Uri): Promise<boolean> {
  return await vscode.workspace.fs.stat(uri).then(() => true, () => false);
}

async function offerToOpen(uri: vscode.Uri): Promise<void> {
  const open = 'Open';
  const chosen = await vscode.window.showInformationMessage(`Draft Tasks: ${nameOf(uri)} has a ${tasksFile} already; it is left as it is.`, open);
  if (chosen === open) await vscode.window.showTextDocument(uri);
}

/** Shows the explanation of a problem as it is to be read, not as Markdown is written. */
async function explain(page: unknown): Promise<void> {
  if (typeof page !== 'string') return;
  const uri = vscode.Uri.parse(page, true);
  if (uri.scheme === 'file') await vscode.commands.executeCommand('markdown.showPreview', uri);
}

/** What the status bar item offers. */
async function menu(parts: Parts): Promise<unknown> {
  const { server, runs } = parts;
  const ready = server.state === 'running';
  // Of the file that is looked at, as the commands are.
  const last = runs.lastOf(parts.files.current()?.toString());
  const items: (vscode.QuickPickItem & { command?: string })[] = [];
  const add = (when: boolean, label: string, command: string, description = ''): void => {
    if (when) items.push({ label, command, description });
  };
  const separate = (label: string): void => void items.push({ label, kind: vscode.QuickPickItemKind.Separator });
  const running = runs.active.map(({ phase, task }) => (task === undefined ? phase : `${phase} · ${task}`)).join(', ');
  add(!vscode.workspace.isTrusted, '$(shield) Manage Workspace Trust', 'workbench.trust.manage', 'nothing runs in Restricted Mode');
  add(runs.active.length > 0, '$(debug-stop) Stop…', clientCommands.stop, running);
  add(ready, '$(run-all) Run Phase…', clientCommands.run);
  add(ready, '$(run) Run Task…', clientCommands.runTask);
  add(ready, '$(terminal) Run in Terminal', clientCommands.runInTerminal, 'a task can ask for something there');
  add(ready && last !== undefined, '$(debug-restart) Run Last Again', clientCommands.rerun, last?.message ?? '');
  add(ready && last?.outcome === 'failed', '$(debug-rerun) Run Failed Tasks Again', clientCommands.rerunFailed);
  add(ready, '$(list-ordered) Show Plan…', clientCommands.plan);
  add(server.can(commands.export), '$(export) Export Phase…', clientCommands.export);
  separate('results');
  add(true, '$(output) Show Output', clientCommands.showOutput);
  add(true, '$(terminal) Show Output in Terminal, with Colors', clientCommands.showTerminal);
  add(ready && last !== undefined, '$(file) Show Log of Last Run', clientCommands.showLog);
  add(ready && runs.lastOf() !== undefined, '$(clear-all) Clear Results', clientCommands.clear);
  separate('application');
  add(server.can(commands.target), '$(plug) Choose Context…', clientCommands.context, parts.status.target?.context ?? '');
  add(server.can(commands.target), '$(symbol-namespace) Choose Namespace…', clientCommands.namespace, parts.status.target?.namespace ?? '');
  add(server.can(commands.target), '$(server-environment) Change Environment…', clientCommands.environment, parts.status.target?.environment ?? '');
  add(server.can(commands.doctor), '$(pulse) Check Application and Cluster', clientCommands.doctor);
  add(server.can(commands.runAsJob), '$(cloud) Run Phase as a Job…', clientCommands.runAsJob, 'it goes on without this editor');
  add(server.can(commands.attach), '$(sync) Attach to a Job…', clientCommands.attach);
  add(server.can(commands.endJob), '$(circle-slash) End a Job…', clientCommands.endJob);
  separate('server');
  add(true, '$(debug-restart) Restart Server', clientCommands.restartServer, server.state);
  add(true, '$(output) Show Server Log', clientCommands.showServerLog);
  add(true, '$(report) Collect Report', clientCommands.collectReport);
  add(true, '$(gear) Open Settings', clientCommands.openSettings);
  const chosen = await vscode.window.showQuickPick(items, { title: 'Draft Tasks', placeHolder: last?.message ?? 'What next?' });
  return chosen?.command === undefined ? undefined : await vscode.commands.executeCommand(chosen.command);
}

async function chooseTarget(parts: Parts, choice: typeof CONTEXT, wanted: vscode.Uri | undefined): Promise<void> {
  const uri = wanted ?? (await parts.files.choose());
  if (uri !== undefined) await choose(parts.server, uri, choice);
}

async function changeEnvironment(parts: Parts): Promise<void> {
  const uri = await parts.files.choose();
  if (uri === undefined) return;
  const target = await parts.server.execute<TargetFound>(commands.target, { uri: uri.toString() });
  const { environment: present, environments } = target;
  if (environments.length === 0) throw new Error(`the draft.toml beside ${nameOf(uri)} has no environments, or there is none`);
  const chosen = vscode.workspace.getConfiguration(section).get<string>('environment') || undefined;
  const mark = (it: string | undefined): string => (it === chosen ? '$(check) ' : '$(blank) ');
  const items: (vscode.QuickPickItem & { value: string | undefined })[] = environments.map((value) => ({
    label: `${mark(value)}${value}`, description: value === present ? 'current' : '', value,
  }));
  items.push({ label: `${mark(undefined)}Not chosen here`, description: 'what DRAFT_ENV says, else development', value: undefined });
  const picked = await vscode.window.showQuickPick(items, { title: 'Environment of draft.toml', placeHolder: present ?? '' });
  if (picked === undefined) return;
  const isFolderOpen = vscode.workspace.workspaceFolders !== undefined;
  const scope = isFolderOpen ? vscode.ConfigurationTarget.Workspace : vscode.ConfigurationTarget.Global;
  await vscode.workspace.getConfiguration(section).update('environment', picked.value, scope);
}

async function doctor(parts: Parts): Promise<unknown> {
  if (!vscode.workspace.isTrusted) return refuse();
  const uri = await parts.files.choose();
  if (uri === undefined) return undefined;
  const answer = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: 'Draft Tasks: checks application and cluster' },
    () => parts.server.execute<Examined>(commands.doctor, { uri: uri.toString(), show: false }),
  );
  return await parts.documents.show(`Check of ${nameOf(uri).replace(/\//g, ' ')}`, answer.markdown);
}

/** Runs the phases around a command that deploys or deletes; the one of the last time is offered. */
async function around(parts: Parts, what: 'up' | 'delete'): Promise<unknown> {
  if (!vscode.workspace.isTrusted) return refuse();
  const uri = await parts.files.choose();
  if (uri === undefined) return undefined;
  const kept = `line ${what} ${uri.toString()}`;
  // It may have secrets in it.
  const { secrets } = parts.context;
  const line = await vscode.window.showInputBox({
    title: what === 'up' ? `Deploy ${nameOf(uri)}: pre-up, this command, post-deploy, post-up` : `Delete ${nameOf(uri)}: this command, then cleanup`,
    value: (await secrets.get(kept)) ?? `draft ${what}`,
    prompt: 'It runs in the folder of the tasks file, without a shell',
    ignoreFocusOut: true,
  });
  if (line === undefined || line.trim() === '') return undefined;
  const argument: Up = { uri: uri.toString(), line };
  const answer = await parts.server.execute(commands[what], argument);
  await secrets.store(kept, line);
  return answer;
}

async function collectReport(parts: Parts): Promise<void> {
  const { context, server, files, runs, status } = parts;
  const { found } = server;
  const text = report({
    extension: `${context.extension.id} ${String((context.extension.packageJSON as { version: unknown }).version)}`,
    editor: `${vscode.version} (${vscode.env.appName})`,
    system: `${process.platform} ${process.arch}, Node ${process.versions.node}`,
    remote: vscode.env.remoteName,
    server: found === undefined ? 'not looked for' : found.kind === 'program' ? `${found.path} ${found.version} (from ${found.origin})` : found.problem,
    state: server.state,
    trusted: vscode.workspace.isTrusted,
    folders: vscode.workspace.workspaceFolders?.length ?? 0,
    files: files.all.length,
    commands: server.client?.initializeResult?.capabilities.executeCommandProvider?.commands ?? [],
    settings: vscode.workspace.getConfiguration(section),
    target: status.target,
    lastRun: runs.lastOf()?.message,
  });
  const document = await vscode.workspace.openTextDocument({ language: 'markdown', content: text });
  await vscode.window.showTextDocument(document);
}
