// The one server of a window: found, started, started again after a crash, and asked for what it can do.
//
// Must not register the server's commands: the client's library does that for each that the server announces.

import * as vscode from 'vscode';
import {
  CloseAction,
  ConnectionError,
  ErrorAction,
  ExecuteCommandRequest,
  LanguageClient,
  MessageType,
  ResponseError,
  ShowMessageNotification,
  ShowMessageRequest,
  State,
  type CloseHandlerResult,
  type DocumentSelector,
  type LanguageClientOptions,
  type MessageSignature,
  type MessageActionItem,
  type Middleware,
  type ShowMessageRequestParams,
  type StaticFeature,
} from 'vscode-languageclient/node';
import { find, type Found } from './binary';
import { nameOf } from './files';
import { clientCommands, commands, ignoreKind, language, notifications, outputVersion, phases, progress, section, serverVersion, settingsFile, starting, tasksFile, type Examined, type PlanShown } from './protocol';
import { Restarts } from './restarts';
import type { OutputMessage, Remedy, RunMessage, Runs } from './runs';
import { refuse } from './trust';

/** What the server is doing. */
export type ServerState = 'starting' | 'running' | 'waiting' | 'stopped' | 'problem';

/** Says what went wrong with a server that is not to be had. */
export class NoServer extends Error {}

/** What documents are shown to the server; those of other schemes, such as an old version in a comparison, are not. */
const DOCUMENTS: DocumentSelector = [
  ...['file', 'untitled', 'vscode-vfs'].map((scheme) => ({ scheme, language })),
  // Also where a user gives them another language.
  { scheme: 'file', pattern: `**/${tasksFile}` },
  { scheme: 'file', pattern: `**/${settingsFile}` },
];

/** How long a server may take to end, in milliseconds: it stops what runs first. */
const END = 5_000;

/** The library's client, which tells of each question that a server leaves open which has ended: the next one is asked again. */
class Client extends LanguageClient {
  override handleFailedRequest<T>(
    type: MessageSignature, token: vscode.CancellationToken | undefined, error: unknown, otherwise: T, ...how: boolean[]
  ): T {
    return error instanceof ConnectionError ? otherwise : super.handleFailedRequest(type, token, error, otherwise, ...how);
  }
}

export class Server implements vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<void>();
  readonly onDidChange = this.#changed.event;
  readonly #targetChanged = new vscode.EventEmitter<void>();
  /** The application, or the cluster it is in, may be another one now. */
  readonly onDidChangeTarget = this.#targetChanged.event;
  readonly #jobsChanged = new vscode.EventEmitter<void>();
  /** Other Jobs may go on that the server does not follow. */
  readonly onDidChangeJobs = this.#jobsChanged.event;
  readonly #restarts = new Restarts();
  #client: LanguageClient | undefined;
  #state: ServerState = 'stopped';
  #found: Found | undefined;
  /** Starts and stops, one after another. */
  #work: Promise<void> = Promise.resolve();
  #disposed = false;
  /** Shows a plan or what a command says as a document. */
  showMarkdown: (title: string, markdown: string) => void = () => {};
  /** Shows the output of a run that failed. */
  showOutput: () => void = () => {};

  constructor(
    private readonly context: vscode.ExtensionContext,
    readonly log: vscode.LogOutputChannel,
    private readonly runs: Runs,
  ) {
    context.subscriptions.push(
      vscode.workspace.onDidGrantWorkspaceTrust(() => void this.#tellTrust()),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration(`${section}.server.path`)) void this.restart();
      }),
    );
  }

  get state(): ServerState {
    return this.#state;
  }

  /** The program that was found, or why there is none. */
  get found(): Found | undefined {
    return this.#found;
  }

  /** The process of the server, for reports and tests. */
  get pid(): number | undefined {
    return this.#client?.serverProcess?.pid;
  }

  get client(): LanguageClient | undefined {
    return this.#client;
  }

  /** Whether the server that runs announced a command. */
  can(command: string): boolean {
    if (this.#state !== 'running') return false;
    return this.#client?.initializeResult?.capabilities.executeCommandProvider?.commands.includes(command) ?? false;
  }

  start(): Promise<void> {
    return this.#next(() => this.#start());
  }

  /** Ends the server and starts it again, with the current settings. */
  restart(): Promise<void> {
    this.#restarts.reset();
    return this.#next(async () => {
      await this.#end();
      await this.#start();
    });
  }

  /** Ends the server and what it runs. */
  stop(): Promise<void> {
    this.#disposed = true;
    return this.#next(() => this.#end());
  }

  dispose(): void {
    void this.stop();
    this.#changed.dispose();
    this.#targetChanged.dispose();
    this.#jobsChanged.dispose();
  }

  /**
   * Lets the server execute one of its commands.
   *
   * @throws what the server refused, in words for the user
   */
  async execute<T>(command: string, argument?: object): Promise<T> {
    const client = this.#client;
    if (client === undefined || this.#state !== 'running') throw new NoServer(this.#whyNot());
    return await client.sendRequest(ExecuteCommandRequest.type, { command, arguments: argument ? [argument] : [] }) as T;
  }

  #whyNot(): string {
    switch (this.#state) {
      case 'starting':
      case 'waiting':
        return 'the server starts; try it again in a moment';
      case 'problem':
        return this.#found?.kind === 'problem' ? this.#found.problem : 'the server does not start; its log says why';
      default:
        return 'the server does not run; restart it';
    }
  }

  #next(work: () => Promise<void>): Promise<void> {
    this.#work = this.#work.then(work, work);
    return this.#work;
  }

  async #start(): Promise<void> {
    if (this.#disposed) return;
    this.#set('starting');
    const setting = vscode.workspace.getConfiguration(section).get<string>('server.path');
    this.#found = await find(setting, this.context.extensionPath, serverVersion);
    if (this.#found.kind === 'problem') return this.#problem(this.#found);
    this.log.info(`starts ${this.#found.path} (${this.#found.version}, from ${this.#found.origin})`);
    const program = { command: this.#found.path, args: ['lsp'] };
    const client = new Client(section, 'Draft Tasks', program, this.#options());
    this.#client = client;
    client.registerFeature(announcement());
    client.onNotification(notifications.run, (message: RunMessage) => this.runs.onRun(message));
    client.onNotification(notifications.output, (message: OutputMessage) => this.runs.onOutput(message));
    client.onNotification(notifications.didChangeTarget, () => this.#targetChanged.fire());
    client.onNotification(notifications.didChangeJobs, () => this.#jobsChanged.fire());
    client.onNotification(ShowMessageNotification.type, ({ type, message }) => void this.#show(type, message));
    client.onRequest(ShowMessageRequest.type, (params) => answerOf(params, (title, text) => this.showMarkdown(title, text)));
    client.onDidChangeState(({ newState }) => this.#follow(newState));
    try {
      await client.start();
      // Trust may have come while it started.
      if (vscode.workspace.isTrusted) await this.#tellTrust();
    } catch (error) {
      this.log.error(error instanceof Error ? error : String(error));
      this.#set('problem');
      void this.#offerSteps(`Draft Tasks: the server ${program.command} does not start. Its log says why.`, 'Restart Server', 'Show Server Log');
    }
  }

  async #end(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    if (client !== undefined) {
      try {
        await client.dispose(END);
      } catch (error) {
        // It is gone already, or does not start; there is nothing left to end.
        this.log.info(`the server was not ended in order: ${String(error)}`);
      }
    }
    this.runs.onServerGone(true);
    this.#set('stopped');
  }

  #follow(state: State): void {
    switch (state) {
      case State.Running:
        return this.#set('running');
      case State.Starting:
        return this.#set('starting');
      default:
        // Whether it is started again is told by those who ended it.
        this.#lost(this.#client === undefined);
    }
  }

  #set(state: ServerState): void {
    this.#state = state;
    this.#changed.fire();
  }

  #options(): LanguageClientOptions {
    return {
      documentSelector: DOCUMENTS,
      initializationOptions: () => ({ trusted: vscode.workspace.isTrusted }),
      outputChannel: this.log,
      middleware: this.#middleware(),
      errorHandler: {
        error: () => ({ action: ErrorAction.Continue, handled: true }),
        closed: () => this.#crashed(),
      },
    };
  }

  #middleware(): Middleware {
    return {
      // The status bar item tells of runs already.
      handleWorkDoneProgress: (token, params, next) => {
        const isOfRun = typeof token === 'string' && token.startsWith(progress);
        if (!isOfRun || params.kind === 'end') next(token, params);
        else if (params.kind === 'report') this.runs.onWait(token.slice(progress.length), params.message ?? '');
      },
      handleDiagnostics: (uri, diagnostics, next) => next(uri, diagnostics.map(explained)),
      provideCodeActions: async (document, range, context, token, next) => {
        const actions = await next(document, range, context, token);
        if (context.only === undefined) actions?.forEach(ungroup);
        return actions;
      },
      executeCommand: (command, args) => this.#perform(command, args[0] as object | undefined),
    };
  }

  /** A command of the server from a lens, an action or a link: what is refused is said to the user. */
  async #perform(command: string, argument?: object): Promise<unknown> {
    // Here with a way to trust; the server refuses it, too.
    if (starting.has(command) && !vscode.workspace.isTrusted) return refuse();
    try {
      if (command !== commands.plan && command !== commands.doctor) return await this.execute(command, argument);
      const answer = await this.execute<PlanShown | Examined>(command, { ...argument, show: false });
      const { uri = '' } = argument as { uri?: string };
      const of = 'phase' in answer ? `Plan of ${answer.phase}` : `Check of ${nameOf(vscode.Uri.parse(uri)).replace(/\//g, ' ')}`;
      this.showMarkdown(of, answer.markdown);
      return answer;
    } catch (error) {
      void this.tell(error);
      return undefined;
    }
  }

  /** Says why something was not done, with what the server says helps. */
  async tell(error: unknown): Promise<void> {
    await this.offer(messageOf(error), remedyOf(error));
  }

  /** Says why something was not done or cannot be, with what helps. */
  async offer(message: string, remedy: Remedy | undefined): Promise<void> {
    const [place, command] = [remedy?.location, remedy?.command];
    const buttons = [
      ...(place === undefined ? [] : ['Show the problem']),
      ...(command === undefined ? [] : [command.title]),
      ...(remedy?.contextOf === undefined ? [] : [CHOOSE]),
    ];
    const chosen = await vscode.window.showErrorMessage(`Draft Tasks: ${message}`, ...buttons);
    if (chosen === undefined) return;
    if (chosen === command?.title) {
      await this.#perform(command.command, command.arguments?.[0] as object | undefined);
    } else if (chosen === CHOOSE && remedy?.contextOf !== undefined) {
      await vscode.commands.executeCommand(clientCommands.context, vscode.Uri.parse(remedy.contextOf));
    } else if (place !== undefined) {
      const { line } = place.range.start;
      await vscode.window.showTextDocument(vscode.Uri.parse(place.uri), { selection: new vscode.Range(line, 0, line, 0) });
    }
  }

  /** A message of the server; that a run failed comes with a way to see why. */
  async #show(type: MessageType, message: string): Promise<void> {
    switch (type) {
      case MessageType.Error: {
        const last = this.runs.lastOf();
        if (last?.outcome !== 'failed') return this.#offerSteps(message);
        // A command that deploys or deletes is not run again without what comes before it.
        const isOfPhase = phases.some((phase) => phase === last.phase) && message === last.message;
        if (!isOfPhase) return this.#offerSteps(message, 'Show Output');
        const again = 'Run Failed Again';
        const chosen = await vscode.window.showErrorMessage(message, 'Show Output', again);
        if (chosen === 'Show Output') this.showOutput();
        else if (chosen === again) await vscode.commands.executeCommand(clientCommands.rerunFailed, vscode.Uri.parse(last.uri));
        return;
      }
      case MessageType.Warning:
        return void (await vscode.window.showWarningMessage(message));
      default:
        return void (await vscode.window.showInformationMessage(message));
    }
  }

  /** Its runs are over, and nobody tells how. */
  #lost(wasAsked: boolean): void {
    const interrupted = this.runs.onServerGone(wasAsked);
    if (interrupted.length === 0) return;
    const what = `${interrupted.join(', ')} ${interrupted.length === 1 ? 'was' : 'were'} interrupted`;
    const message = `Draft Tasks: ${what}, as the server has ended unexpectedly. What still runs of it is told when the server is there again.`;
    void this.#offerSteps(message, 'Show Output', 'Show Server Log');
  }

  async #crashed(): Promise<CloseHandlerResult> {
    this.#lost(false);
    const wait = this.#restarts.crashed(Date.now());
    if (wait === undefined) {
      this.#set('problem');
      void this.#offerSteps(
        'Draft Tasks: the server crashed several times within three minutes, and is not started again.',
        'Restart Server', 'Show Server Log', 'Collect Report',
      );
      return { action: CloseAction.DoNotRestart, handled: true, message: 'the server crashed too often' };
    }
    this.#set('waiting');
    this.log.warn(`the server has ended unexpectedly; it is started again in ${wait} ms`);
    await new Promise((resolve) => setTimeout(resolve, wait));
    if (this.#disposed || this.#client === undefined) return { action: CloseAction.DoNotRestart, handled: true };
    return { action: CloseAction.Restart, handled: true, message: 'the server is started again' };
  }

  #problem(found: Extract<Found, { kind: 'problem' }>): void {
    this.#set('problem');
    this.log.error(`${found.problem}. ${found.advice}`);
    void this.#offerSteps(`Draft Tasks: ${found.problem}. ${found.advice}`, 'Open Setting', 'Restart Server');
  }

  async #offerSteps(message: string, ...buttons: (keyof typeof OFFERS | 'Show Output')[]): Promise<void> {
    const chosen = await vscode.window.showErrorMessage(message, ...buttons);
    if (chosen === 'Show Output') this.showOutput();
    else if (chosen !== undefined) await OFFERS[chosen]();
  }

  async #tellTrust(): Promise<void> {
    this.#changed.fire();
    if (this.#state !== 'running') return;
    await this.#client?.sendNotification(notifications.didChangeTrust, { trusted: vscode.workspace.isTrusted });
  }
}

const OFFERS = {
  'Open Setting': () => openSetting(`${section}.server.path`),
  'Restart Server': () => vscode.commands.executeCommand(clientCommands.restartServer),
  'Show Server Log': () => vscode.commands.executeCommand(clientCommands.showServerLog),
  'Collect Report': () => vscode.commands.executeCommand(clientCommands.collectReport),
} as const;

/** Shows a setting of a machine: in a remote window those of the other machine, where the server runs. */
function openSetting(query: string): Thenable<unknown> {
  return vscode.env.remoteName === undefined
    ? vscode.commands.executeCommand('workbench.action.openSettings', query)
    : vscode.commands.executeCommand('workbench.action.openRemoteSettings', { query });
}

/** The button that chooses another context where a cluster cannot be reached. */
const CHOOSE = 'Choose the context';

/** The button of a question that has the focus: the one that closes a dialog never has it. It runs nothing, too. */
const SHOW = 'Show What Runs';

/** What the server gives with the safe answer: all that would run, as Markdown. */
type Answer = MessageActionItem & { readonly details?: string };

/**
 * What the user answers to a question of the server: in a dialog, since a run waits and a notification fades away unseen.
 * Enter alone is the safe answer.
 */
async function answerOf(
  { message, actions = [] }: ShowMessageRequestParams, show: (title: string, markdown: string) => void,
): Promise<MessageActionItem | null> {
  const safe = (actions as Answer[]).find(({ isCloseAffordance }) => isCloseAffordance === true);
  const items = actions.map(({ title, isCloseAffordance }) => ({ title, isCloseAffordance: isCloseAffordance === true }));
  const first = safe === undefined ? [] : [{ title: SHOW, isCloseAffordance: false }];
  const chosen = await vscode.window.showWarningMessage(message, { modal: true }, ...first, ...items);
  if (chosen === undefined) return null;
  if (chosen.title !== SHOW || safe === undefined) return { title: chosen.title };
  show('What would run', safe.details ?? message);
  return { title: safe.title };
}

/**
 * The menu of all actions has groups, in an order of its own. What is no fix goes into its last one, where it stands as the
 * server has it: what runs, what is shown, the rest, and at the end what ignores a problem.
 */
function ungroup(action: vscode.CodeAction | vscode.Command): void {
  if (!(action instanceof vscode.CodeAction) || action.kind === undefined) return;
  const isFix = vscode.CodeActionKind.QuickFix.contains(action.kind) && action.kind.value !== ignoreKind;
  if (isFix) return;
  action.kind = vscode.CodeActionKind.Empty.append(`${section}.other`);
  // What has some is put before what has none.
  delete action.diagnostics;
}

/** A problem whose code leads to its explanation as a preview; the server names a line of a file. */
function explained(diagnostic: vscode.Diagnostic): vscode.Diagnostic {
  const { code } = diagnostic;
  if (typeof code !== 'object' || code.target.scheme !== 'file') return diagnostic;
  const page = code.target.with({ fragment: String(code.value) }).toString();
  const target = vscode.Uri.parse(`command:${clientCommands.explain}?${encodeURIComponent(JSON.stringify([page]))}`);
  diagnostic.code = { value: code.value, target };
  return diagnostic;
}

/** What the server says helps after an error. */
export function remedyOf(error: unknown): Remedy | undefined {
  return error instanceof ResponseError ? (error.data as Remedy | undefined) : undefined;
}

/** The words of an error for the user. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Says to the server that output and states of runs are shown here. */
function announcement(): StaticFeature {
  return {
    fillClientCapabilities: (capabilities) => {
      capabilities.experimental = { ...capabilities.experimental as object, draftTasks: { output: outputVersion, colors: true } };
    },
    initialize: () => {},
    getState: () => ({ kind: 'static' }),
    clear: () => {},
  };
}
