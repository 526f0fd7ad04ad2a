// The Testing view: phases, tasks and pods of all tasks files as a tree, with how they ended; beside the phases the Jobs that may go on.
//
// Must not know what a file means: the server answers what can be run. Must not contact a cluster: it does when the user attaches.

import * as vscode from 'vscode';
import type { Files } from './files';
import { isTasksFile, nameOf } from './files';
import { commands, section, type JobList, type Outline, type RunTasks, type Started } from './protocol';
import { textOf, type OutputMessage, type RunListener, type RunMessage, type Runs } from './runs';
import { messageOf, remedyOf, type Server } from './server';
import { forTerminal } from './text';
import { RESTRICTED } from './trust';

/** An end is told once, by the server: the editor would write a message over the line, which has its diagnostic. What a task wrote is its output. */
const NO_MESSAGE: vscode.TestMessage[] = [];

/** How long typing must rest before the tree follows, in milliseconds. */
const REST = 300;

/** Items that run; a Job is taken up or ended instead. */
const RUNS = new vscode.TestTag('runs');

type SeenTask = RunTasks['tasks'][number];
type ListedJob = JobList['jobs'][number];

/** What an item stands for. */
interface Known {
  readonly uri: vscode.Uri;
  readonly phase?: string;
  readonly task?: SeenTask;
  readonly pod?: string;
  /** A Job that may go on and that the server does not follow. */
  readonly job?: string;
}

/** A part of a run that this view asked for. */
interface Asked {
  readonly run: vscode.TestRun;
  /** Not in chosen pods. */
  readonly everywhere: boolean;
}

/** A run as the view shows it. */
interface Shown {
  readonly run: vscode.TestRun;
  readonly uri: vscode.Uri;
  readonly phase: string;
  /** It was asked for here, and not in chosen pods. */
  readonly everywhere: boolean;
  /** When each task began, in milliseconds. */
  readonly began: Map<vscode.TestItem, number>;
  /** What is known of each task that runs inside of pods. */
  readonly inPods: Map<vscode.TestItem, InPods>;
  /** Those that have begun and have not ended. */
  readonly open: Set<vscode.TestItem>;
  /** Whether none of its tasks can run. */
  blocked?: boolean;
}

/** A task as it stands in its pods. */
interface InPods {
  running: number;
  skipped: number;
  failed: number;
}

/** A part of a request: tasks of one phase or all of them, in these pods or in all of them. */
interface Part {
  readonly uri: vscode.Uri;
  readonly phase: string;
  readonly tasks: SeenTask[] | undefined;
  readonly pods: string[] | undefined;
}

export class Testing implements RunListener, vscode.Disposable {
  readonly controller = vscode.tests.createTestController('draftTasks', 'Draft Tasks');
  readonly #known = new WeakMap<vscode.TestItem, Known>();
  readonly #shown = new Map<string, Shown>();
  /** What this view asked for and the server has not yet begun, by file and phase. */
  readonly #asked = new Map<string, Asked>();
  /** How tasks ended when they ran last. */
  #outcomes = new WeakMap<vscode.TestItem, string | undefined>();
  /** Who waits for the end of a run. */
  readonly #waiting = new Map<string, () => void>();
  readonly #rests = new Map<string, NodeJS.Timeout>();
  #jobs: readonly ListedJob[] = [];
  /** Counts questions for Jobs: only the last answer counts. */
  #askedForJobs = 0;
  readonly #disposables: vscode.Disposable[];

  constructor(private readonly server: Server, private readonly files: Files, private readonly runs: Runs) {
    this.controller.createRunProfile('Run', vscode.TestRunProfileKind.Run, (request, token) => this.#run(request, token), true, RUNS);
    this.controller.resolveHandler = async (item) => {
      if (item === undefined) return this.refresh();
      await this.#resolve(item);
    };
    this.controller.refreshHandler = async () => {
      await this.files.look();
      await this.refresh();
    };
    this.#disposables = [
      this.controller,
      files.onDidChange(() => void this.refresh()),
      server.onDidChange(() => {
        if (server.state === 'running') void this.refresh();
      }),
      server.onDidChangeJobs(() => void this.#askForJobs()),
      vscode.workspace.onDidChangeTextDocument(({ document }) => this.#changed(document)),
      vscode.workspace.onDidOpenTextDocument((document) => this.#changed(document)),
      vscode.workspace.onDidSaveTextDocument((document) => this.#changed(document)),
    ];
  }

  dispose(): void {
    this.#rests.forEach((rest) => clearTimeout(rest));
    vscode.Disposable.from(...this.#disposables).dispose();
  }

  /** Whether a run was asked for here, so that its output is looked at here. */
  isAsked(message: RunMessage): boolean {
    return this.#asked.has(key(message.uri, message.phase));
  }

  /** The Job that an item stands for. */
  jobOf(item: unknown): string | undefined {
    return typeof item === 'object' && item !== null ? this.#known.get(item as vscode.TestItem)?.job : undefined;
  }

  /** Makes the tree that of the files that there are. */
  async refresh(): Promise<void> {
    const wanted = new Set(this.files.all.map(String));
    for (const [id] of this.controller.items) if (!wanted.has(id)) this.controller.items.delete(id);
    for (const uri of this.files.all) this.#file(uri);
    if (this.server.state !== 'running') return;
    await Promise.all([this.#askForJobs(), ...[...this.controller.items].map(([, item]) => this.#resolve(item))]);
  }

  #create(id: string, label: string, uri: vscode.Uri | undefined): vscode.TestItem {
    const item = this.controller.createTestItem(id, label, uri);
    item.tags = [RUNS];
    return item;
  }

  /** Which Jobs may go on: the server reads it from records. */
  async #askForJobs(): Promise<void> {
    if (!this.server.can(commands.jobs)) return;
    const asked = ++this.#askedForJobs;
    try {
      const { jobs } = await this.server.execute<JobList>(commands.jobs, {});
      if (asked !== this.#askedForJobs) return;
      this.#jobs = jobs;
    } catch (error) {
      return this.server.log.info(`no Jobs: ${messageOf(error)}`);
    }
    this.controller.items.forEach((file) => this.#fillJobs(file));
    void vscode.commands.executeCommand('setContext', `${section}.jobs`, this.#jobs.map(({ job }) => job));
  }

  #file(uri: vscode.Uri): vscode.TestItem {
    const present = this.controller.items.get(uri.toString());
    if (present !== undefined) return present;
    const item = this.#create(uri.toString(), nameOf(uri), uri);
    item.canResolveChildren = true;
    this.#known.set(item, { uri });
    this.controller.items.add(item);
    return item;
  }

  #changed(document: vscode.TextDocument): void {
    if (!isTasksFile(document) || document.uri.scheme !== 'file') return;
    const id = document.uri.toString();
    if (this.controller.items.get(id) === undefined) return;
    clearTimeout(this.#rests.get(id));
    this.#rests.set(id, setTimeout(() => {
      this.#rests.delete(id);
      const item = this.controller.items.get(id);
      if (item !== undefined) void this.#resolve(item);
    }, REST));
  }

  async #resolve(file: vscode.TestItem): Promise<void> {
    const uri = this.#known.get(file)?.uri;
    if (uri === undefined || file.parent !== undefined) return;
    try {
      const outline = await this.server.execute<Outline>(commands.tasks, { uri: uri.toString() });
      this.#fill(file, uri, outline);
      file.error = undefined;
    } catch (error) {
      if (this.server.state === 'running') file.error = messageOf(error);
    }
  }

  #fill(file: vscode.TestItem, uri: vscode.Uri, outline: Outline): void {
    const isJob = (item: vscode.TestItem): boolean => this.jobOf(item) !== undefined;
    sync(file.children, outline.phases, ({ phase }) => phase, ({ phase, line, tasks }) => {
      const item = file.children.get(phase) ?? this.#create(phase, phase, uri);
      item.range = lineRange(line);
      item.sortText = sortText(outline.phases.findIndex((it) => it.phase === phase));
      this.#known.set(item, { uri, phase });
      sync(item.children, tasks, ({ task }) => task, ({ task, command, line }, number) => {
        const child = item.children.get(task) ?? this.#create(task, task, uri);
        if (this.#known.get(child)?.task?.command !== command) this.#outcomes.delete(child);
        // No description: it would be read out in place of the name.
        child.range = lineRange(line);
        child.sortText = sortText(number);
        this.#known.set(child, { uri, phase, task: { task, command } });
        return child;
      });
      return item;
    }, isJob);
    this.#fillJobs(file);
  }

  /** The Jobs of a file, each behind its phase. That it may go on is all that is known of it, so it has no outcome. */
  #fillJobs(file: vscode.TestItem): void {
    const uri = this.#known.get(file)?.uri;
    if (uri === undefined) return;
    const ofFile = this.#jobs.filter((job) => job.uri !== undefined && vscode.Uri.parse(job.uri).toString() === file.id);
    const isOther = (item: vscode.TestItem): boolean => this.jobOf(item) === undefined;
    sync(file.children, ofFile, ({ job }) => job, ({ job, phase, description }) => {
      const label = `${phase} may go on · ${description}`;
      const item = file.children.get(job) ?? this.controller.createTestItem(job, label, uri);
      item.label = label;
      item.busy = true;
      item.sortText = `${file.children.get(phase)?.sortText ?? ''} ${job}`;
      this.#known.set(item, { uri, phase, job });
      return item;
    }, isOther);
  }

  /** What the tree has for a task, or for a pod of it. */
  #item(uri: string, phase: string, task?: string, pod?: string): vscode.TestItem | undefined {
    const ofPhase = this.controller.items.get(vscode.Uri.parse(uri).toString())?.children.get(phase);
    const ofTask = task === undefined ? ofPhase : ofPhase?.children.get(task);
    if (ofTask === undefined || pod === undefined) return ofTask;
    let ofPod = ofTask.children.get(pod);
    if (ofPod === undefined) {
      ofPod = this.#create(pod, pod, ofTask.uri);
      ofPod.range = ofTask.range;
      ofPod.sortText = pod;
      this.#known.set(ofPod, { uri: vscode.Uri.parse(uri), phase, ...this.#known.get(ofTask), pod });
      ofTask.children.add(ofPod);
    }
    return ofPod;
  }

  // ── what was asked for here ──

  async #run(request: vscode.TestRunRequest, token: vscode.CancellationToken): Promise<void> {
    const run = this.controller.createTestRun(request, undefined, true);
    try {
      for (const part of this.#parts(request)) {
        if (token.isCancellationRequested) break;
        await this.#runPart(part, run, token);
      }
    } finally {
      run.end();
    }
  }

  /** A request as runs of the server: a phase at a time. */
  #parts(request: vscode.TestRunRequest): Part[] {
    const excluded = new Set(request.exclude);
    const parts: Part[] = [];
    const add = (item: vscode.TestItem): void => {
      const known = this.#known.get(item);
      if (known === undefined || known.job !== undefined || excluded.has(item)) return;
      if (known.phase === undefined) return item.children.forEach(add);
      const { uri, phase, task, pod } = known;
      if (pod !== undefined && task !== undefined) return addPod(parts, { uri, phase, tasks: [task], pods: [pod] });
      const same = parts.find((part) => part.uri.toString() === uri.toString() && part.phase === phase && part.pods === undefined);
      if (task === undefined) {
        const without = [...item.children].filter(([, child]) => !excluded.has(child));
        const tasks = without.length < item.children.size ? without.flatMap(([, child]) => this.#known.get(child)?.task ?? []) : undefined;
        if (same === undefined) parts.push({ uri, phase, tasks, pods: undefined });
      } else if (same === undefined) {
        parts.push({ uri, phase, tasks: [task], pods: undefined });
      } else if (same.tasks?.every((it) => it.task !== task.task) === true) {
        same.tasks.push(task);
      }
    };
    if (request.include === undefined) this.controller.items.forEach(add);
    else request.include.forEach(add);
    return parts;
  }

  async #runPart(part: Part, run: vscode.TestRun, token: vscode.CancellationToken): Promise<void> {
    const { phase, tasks, pods } = part;
    const uri = part.uri.toString();
    const items = this.#itemsOf(uri, phase, tasks);
    const refuse = (problem: string): void => items.forEach((item) => run.errored(item, new vscode.TestMessage(problem)));
    if (!vscode.workspace.isTrusted) return refuse(RESTRICTED);
    items.forEach((item) => run.enqueued(item));
    this.#asked.set(key(uri, phase), { run, everywhere: pods === undefined });
    try {
      const answer = tasks === undefined
        ? await this.server.execute<Started>(commands.runPhase, { uri, phase })
        : await this.server.execute<Started>(commands.runTasks, { uri, phase, tasks, ...(pods === undefined ? {} : { pods }) });
      await this.#end(answer.run, token);
    } catch (error) {
      refuse(messageOf(error));
      const remedy = remedyOf(error);
      if (remedy !== undefined) void this.server.offer(messageOf(error), remedy);
    } finally {
      this.#asked.delete(key(uri, phase));
    }
  }

  #itemsOf(uri: string, phase: string, tasks: readonly SeenTask[] | undefined): vscode.TestItem[] {
    const ofPhase = this.#item(uri, phase);
    if (ofPhase === undefined) return [];
    const wanted = tasks?.map((it) => it.task);
    return [...ofPhase.children].filter(([id]) => wanted?.includes(id) ?? true).map(([, item]) => item);
  }

  /** Waits until a run is over; asks the server to stop it when the user does. */
  async #end(id: string, token: vscode.CancellationToken): Promise<void> {
    if (!this.runs.active.some((active) => active.run === id)) return;
    const stop = token.onCancellationRequested(() => {
      this.server.execute(commands.stop, { run: id }).catch((error: unknown) => this.server.log.warn(messageOf(error)));
    });
    await new Promise<void>((resolve) => this.#waiting.set(id, resolve));
    this.#waiting.delete(id);
    stop.dispose();
  }

  // ── what the server tells, whoever asked for it ──

  onForget(): void {
    this.#outcomes = new WeakMap();
  }

  onRun(message: RunMessage): void {
    const { state } = message;
    if (state === 'started') return this.#started(message);
    const shown = this.#shown.get(message.run);
    if (shown === undefined) return;
    switch (state) {
      case 'taskStarted':
        return this.#taskStarted(shown, message);
      case 'taskFinished':
        return this.#taskFinished(shown, message);
      case 'blocked':
        shown.blocked = true;
        return shown.run.appendOutput(`${forTerminal(message.message)}\r\n`);
      case 'waiting':
        return shown.run.appendOutput(`${forTerminal(message.message)}\r\n`);
      case 'finished':
        return this.#finished(shown, message);
    }
  }

  onOutput(message: OutputMessage): void {
    const shown = this.#shown.get(message.run);
    if (shown === undefined) return;
    const item = this.#item(message.uri, message.phase, message.task, message.pod);
    shown.run.appendOutput(forTerminal(textOf(message)), undefined, item);
  }

  #started(message: RunMessage): void {
    const asked = this.#asked.get(key(message.uri, message.phase));
    const item = this.#item(message.uri, message.phase);
    if (item === undefined && asked === undefined) return;
    const request = new vscode.TestRunRequest(item === undefined ? undefined : [item]);
    const run = asked?.run ?? this.controller.createTestRun(request, undefined, true);
    const uri = vscode.Uri.parse(message.uri);
    this.#shown.set(message.run, {
      run, uri, phase: message.phase, everywhere: asked?.everywhere ?? false, began: new Map(), inPods: new Map(), open: new Set(),
    });
    run.appendOutput(`${forTerminal(message.message)}\r\n`);
    if (asked === undefined) {
      run.token.onCancellationRequested(() => {
        this.server.execute(commands.stop, { run: message.run }).catch((error: unknown) => this.server.log.warn(messageOf(error)));
      });
    }
  }

  #taskStarted(shown: Shown, message: RunMessage): void {
    const { uri, phase, task, pod } = message;
    const ofTask = this.#item(uri, phase, task);
    // Pods of earlier runs may be gone; with a new one there is a new rollout, and they are.
    const isFirst = ofTask !== undefined && !shown.inPods.has(ofTask);
    if (isFirst && pod !== undefined && (shown.everywhere || ofTask.children.get(pod) === undefined)) ofTask.children.replace([]);
    const item = this.#item(uri, phase, task, pod);
    if (item === undefined || ofTask === undefined) return;
    if (pod !== undefined) {
      inPods(shown, ofTask).running++;
      shown.run.started(ofTask);
    }
    shown.began.set(item, Date.now());
    shown.open.add(item);
    shown.run.started(item);
  }

  #taskFinished(shown: Shown, message: RunMessage): void {
    const item = this.#item(message.uri, message.phase, message.task, message.pod);
    if (item === undefined) return;
    shown.run.appendOutput(`${forTerminal(message.message)}\r\n`, undefined, item);
    const began = shown.began.get(item);
    const duration = began === undefined ? undefined : Date.now() - began;
    shown.open.delete(item);
    if (shown.blocked) return shown.run.errored(item, NO_MESSAGE);
    this.#outcomes.set(item, message.outcome);
    switch (message.outcome) {
      case 'passed':
        shown.run.passed(item, duration);
        break;
      case 'failed':
        shown.run.failed(item, NO_MESSAGE, duration);
        break;
      default:
        shown.run.skipped(item);
    }
    if (message.pod !== undefined && item.parent !== undefined) this.#podFinished(shown, item, item.parent, message);
  }

  /** A task passed when it did in all pods; that it failed is known at once. */
  #podFinished(shown: Shown, pod: vscode.TestItem, task: vscode.TestItem, message: RunMessage): void {
    const pods = inPods(shown, task);
    if (shown.began.has(pod)) pods.running--;
    if (message.outcome === 'failed') pods.failed++;
    else if (message.outcome !== 'passed') pods.skipped++;
    if (pods.failed === 0 && pods.running > 0) return;
    const outcome = pods.failed > 0 ? 'failed' : pods.skipped > 0 ? 'skipped' : 'passed';
    this.#outcomes.set(task, outcome);
    if (outcome === 'failed') shown.run.failed(task, NO_MESSAGE);
    else shown.run[outcome](task);
  }

  #finished(shown: Shown, message: RunMessage): void {
    shown.run.appendOutput(`${forTerminal(message.message)}\r\n`);
    if (message.outcome === 'interrupted') {
      for (const item of shown.open) shown.run.errored(item, NO_MESSAGE);
    }
    this.#worst(shown, message);
    this.#shown.delete(message.run);
    // One that was asked for here may have further parts.
    if (![...this.#asked.values()].some(({ run }) => run === shown.run)) shown.run.end();
    this.#waiting.get(message.run)?.();
  }

  /** A phase is what the worst of its tasks is, also of those that this run left out. */
  #worst(shown: Shown, { uri, phase }: RunMessage): void {
    const ofPhase = this.#item(uri, phase);
    if (ofPhase === undefined) return;
    const failed = [...ofPhase.children].some(([, task]) => this.#outcomes.get(task) === 'failed');
    if (failed) shown.run.failed(ofPhase, NO_MESSAGE);
  }
}

/** Pods of one task are one run. */
function addPod(parts: Part[], wanted: Part): void {
  const same = parts.find((part) => part.uri.toString() === wanted.uri.toString() && part.phase === wanted.phase
    && part.pods !== undefined && part.tasks?.[0]?.task === wanted.tasks?.[0]?.task);
  if (same === undefined) parts.push(wanted);
  else same.pods?.push(...(wanted.pods ?? []));
}

function key(uri: string, phase: string): string {
  return `${vscode.Uri.parse(uri).toString()} ${phase}`;
}

function lineRange(line: number): vscode.Range {
  return new vscode.Range(line, 0, line, 0);
}

function sortText(number: number): string {
  return String(number).padStart(5, '0');
}

function inPods(shown: Shown, task: vscode.TestItem): InPods {
  let found = shown.inPods.get(task);
  if (found === undefined) {
    found = { running: 0, skipped: 0, failed: 0 };
    shown.inPods.set(task, found);
  }
  return found;
}

/** Makes a collection that of some values, keeping the items that stay, and those that are `others`. */
function sync<T>(
  items: vscode.TestItemCollection,
  values: readonly T[],
  id: (value: T) => string,
  item: (value: T, number: number) => vscode.TestItem,
  others: (item: vscode.TestItem) => boolean = () => false,
): void {
  const ids = new Set(values.map(id));
  for (const [present, it] of items) if (!ids.has(present) && !others(it)) items.delete(present);
  values.forEach((value, number) => {
    const made = item(value, number);
    if (items.get(made.id) === undefined) items.add(made);
  });
}
