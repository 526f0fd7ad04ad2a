// Rendered from server/draft-tasks/src/lsp/protocol/ext.rs and generated/vscode.rs by `cargo test`; edits here are lost.

/** The commands of the server; the client's library registers those that it announces. */
export const commands = {
  addPhase: 'draft-tasks.addPhase',
  runPhase: 'draft-tasks.runPhase',
  runTask: 'draft-tasks.runTask',
  runAsJob: 'draft-tasks.runAsJob',
  stop: 'draft-tasks.stop',
  rerun: 'draft-tasks.rerun',
  rerunFailed: 'draft-tasks.rerunFailed',
  clear: 'draft-tasks.clear',
  plan: 'draft-tasks.plan',
  export: 'draft-tasks.export',
  showLog: 'draft-tasks.showLog',
  jobs: 'draft-tasks.jobs',
  attach: 'draft-tasks.attach',
  endJob: 'draft-tasks.endJob',
  target: 'draft-tasks.target',
  doctor: 'draft-tasks.doctor',
  up: 'draft-tasks.up',
  delete: 'draft-tasks.delete',
  create: 'draft-tasks.create',
  runTasks: 'draft-tasks.runTasks',
  tasks: 'draft-tasks.tasks',
  templates: 'draft-tasks.templates',
} as const;

/** Those that start something. */
export const starting: ReadonlySet<string> = new Set([commands.runPhase, commands.runTask, commands.runAsJob, commands.rerun, commands.rerunFailed, commands.attach, commands.doctor, commands.up, commands.delete, commands.runTasks]);

/** The commands of the extension. */
export const clientCommands = {
  run: 'draftTasks.run',
  runTask: 'draftTasks.runTask',
  runInTerminal: 'draftTasks.runInTerminal',
  runAsJob: 'draftTasks.runAsJob',
  rerun: 'draftTasks.rerun',
  rerunFailed: 'draftTasks.rerunFailed',
  stop: 'draftTasks.stop',
  attach: 'draftTasks.attach',
  endJob: 'draftTasks.endJob',
  plan: 'draftTasks.plan',
  export: 'draftTasks.export',
  showLog: 'draftTasks.showLog',
  clear: 'draftTasks.clear',
  showOutput: 'draftTasks.showOutput',
  showTerminal: 'draftTasks.showTerminal',
  create: 'draftTasks.create',
  menu: 'draftTasks.menu',
  context: 'draftTasks.context',
  namespace: 'draftTasks.namespace',
  environment: 'draftTasks.environment',
  doctor: 'draftTasks.doctor',
  up: 'draftTasks.up',
  delete: 'draftTasks.delete',
  explain: 'draftTasks.explain',
  restartServer: 'draftTasks.restartServer',
  showServerLog: 'draftTasks.showServerLog',
  collectReport: 'draftTasks.collectReport',
  openSettings: 'draftTasks.openSettings',
} as const;

/** The notifications beside the standard. */
export const notifications = {
  output: 'draft-tasks/output',
  run: 'draft-tasks/run',
  didChangeTarget: 'draft-tasks/didChangeTarget',
  didChangeJobs: 'draft-tasks/didChangeJobs',
  didChangeTrust: 'draft-tasks/didChangeTrust',
} as const;

export const phases = ['pre-up', 'post-deploy', 'post-up', 'cleanup'] as const;
/** Those whose tasks run on this machine. */
export const localPhases: readonly string[] = ['pre-up', 'post-up', 'cleanup'];
/** The settings that are an option of the command line with the same meaning. */
export const settingOptions: Readonly<Record<string, string>> = {
  'environment': '--environment',
  'draftVersion': '--draft-version',
  'semantics': '--semantics',
  'kubernetes.concurrency': '--concurrency',
  'kubernetes.container': '--container',
  'kubernetes.context': '--context',
  'kubernetes.namespace': '--namespace',
  'kubernetes.readyTimeout': '--ready-timeout',
  'kubernetes.selector': '--selector',
  'run.envFile': '--env-file',
  'run.gracePeriod': '--grace-period',
  'run.keep': '--keep',
  'run.keepMiB': '--keep-mib',
  'run.public': '--public',
  'run.secrets': '--secret',
  'run.timeout': '--timeout',
  'run.totalTimeout': '--total-timeout',
};
export const exportTargets = ['sh', 'helm-hook', 'kubernetes-job'] as const;
/** Those whose tasks can be a Job of the application's workload. */
export const workloadPhases: readonly string[] = ['post-deploy', 'post-up'];
export const outputVersion = 2;
export const serverVersion = '0.2.0';
export const section = 'draftTasks';
export const language = 'draft-tasks';
export const source = 'draft-tasks';
export const taskFailed = 'task-failed';
export const runKind = 'draft-tasks.run';
export const ignoreKind = 'quickfix.ignore';
export const progress = 'draft-tasks/';
export const tasksFile = '.draft-tasks.toml';
export const packFile = 'tasks.toml';
export const settingsFile = '.draft-tasks.config.toml';

/** The argument of `draft-tasks.addPhase`. */
export interface AddPhase {
  /** The phase's name. */
  phase: string;
  /** The tasks file. */
  uri: string;
}

/** The argument of `draft-tasks.runPhase`. */
export interface RunPhase {
  /** The phase's name. */
  phase: string;
  /** Only in these pods, of a phase that runs inside of pods. */
  pods?: string[];
  /** The tasks file. */
  uri: string;
}

/** The answer of `draft-tasks.runPhase`. */
export interface Started {
  /** The run. */
  run: string;
}

/** The argument of `draft-tasks.runTask`. */
export interface RunTask {
  /** The command that the user saw: when the file has another one by now, nothing runs. */
  command?: string;
  /** The phase's name. */
  phase: string;
  /** Only in these pods, of a phase that runs inside of pods. */
  pods?: string[];
  /** The task's description. */
  task: string;
  /** The tasks file. */
  uri: string;
}

/** The argument of `draft-tasks.runAsJob`. */
export interface RunAsJob {
  /** The phase's name: `post-deploy` or `post-up`. */
  phase: string;
  /** Only these tasks: the description of each, and the command that the user saw. */
  tasks?: { command?: string; task: string }[];
  /** The tasks file. */
  uri: string;
}

/** The argument of `draft-tasks.stop`. */
export interface Stop {
  /** Only runs of this phase. */
  phase?: string;
  /** Only this run. */
  run?: string;
  /** Only runs in which the task of this description runs now; the tasks after it are skipped. */
  task?: string;
  /** Only the runs of this tasks file. */
  uri?: string;
}

/** The answer of `draft-tasks.stop`. */
export interface Stopped {
  /** How many runs are asked to end. */
  stopped: number;
}

/** The argument of `draft-tasks.rerun`. */
export interface Rerun {
  /** What this run ran. */
  run?: string;
  /** What ran last of this tasks file. */
  uri?: string;
}

/** The argument of `draft-tasks.rerunFailed`. */
export interface RerunFailed {
  /** The phase's name; without it the phase in which a task failed last. */
  phase?: string;
  /** The tasks file. */
  uri: string;
}

/** The argument of `draft-tasks.clear`. */
export interface Clear {
  /** Only those of this tasks file. */
  uri?: string;
}

/** The argument of `draft-tasks.plan`. */
export interface ShowPlan {
  /** The phase's name. */
  phase: string;
  /** Whether the server shows it as a message, too; it does when nothing is said. */
  show?: boolean;
  /** The tasks file. */
  uri: string;
}

/** The answer of `draft-tasks.plan`. */
export interface PlanShown {
  /** Where its tasks run. */
  directory: string;
  /** All of it for people. */
  markdown: string;
  /** The phase's name. */
  phase: string;
  /** Its tasks, in the order of the file. */
  tasks: { argv: string[]; command: string; once: boolean; task: string }[];
}

/** The argument of `draft-tasks.export`. */
export interface ExportPhase {
  /** Where the cluster has variables, of the same: `secret/NAME` or `configmap/NAME`, for one alone `VARIABLE=secret/NAME`. */
  envFrom?: string[];
  /** The image in which the tasks run, of `kubernetes-job` and `helm-hook`; of `helm-hook` it may be a template. */
  image?: string;
  /** The phase's name. */
  phase: string;
  /** What it becomes. */
  target?: 'kubernetes-job' | 'helm-hook' | 'sh';
  /** The tasks file. */
  uri: string;
}

/** The answer of `draft-tasks.export`. */
export interface ExportDone {
  /** What the target cannot express, which the user is told. */
  remarks: string[];
  /** The file. */
  uri: string;
}

/** The argument of `draft-tasks.showLog`. */
export interface ShowLog {
  /** Only of this phase. */
  phase?: string;
  /** Only of this run, as its command answered it or as `draft-tasks runs` lists it. */
  run?: string;
  /** The task's description; without it the task that failed first, else the last one. */
  task?: string;
  /** Only of this tasks file. */
  uri?: string;
}

/** The answer of `draft-tasks.showLog`. */
export interface LogShown {
  /** The file. */
  log: string;
  /** The document that is opened. */
  uri?: string;
}

/** The argument of `draft-tasks.jobs`. */
export interface ListJobs {
  /** Only those of this tasks file. */
  uri?: string;
}

/** The answer of `draft-tasks.jobs`. */
export interface JobList {
  /** The Jobs, newest first. */
  jobs: { description: string; job: string; phase: string; uri?: string }[];
}

/** The argument of `draft-tasks.attach`. */
export interface Attach {
  /** The Job's name. */
  job: string;
  /** The tasks file, of a Job that no run on this machine has made. */
  uri?: string;
}

/** The argument of `draft-tasks.endJob`. */
export interface EndJob {
  /** The Job's name. */
  job: string;
  /** The tasks file, of a Job that no run on this machine has made. */
  uri?: string;
}

/** The answer of `draft-tasks.endJob`. */
export interface JobEnded {
  /** Its name. */
  job: string;
}

/** The argument of `draft-tasks.target`. */
export interface AskTarget {
  /** The tasks file. */
  uri: string;
}

/** The answer of `draft-tasks.target`. */
export interface TargetFound {
  /** The application's name. */
  application?: string;
  /** The context of the kubeconfig. */
  context?: string;
  /** The contexts of the kubeconfig. */
  contexts: string[];
  /** The environment of `draft.toml`. */
  environment: string;
  /** Those that `draft.toml` has. */
  environments: string[];
  /** The namespace. */
  namespace?: string;
  /** The namespaces that `draft.toml` and the contexts name. */
  namespaces: string[];
  /** Why something is not known. */
  problem?: string;
  /** The labels of its pods. */
  selector?: string;
  /** The address of the cluster. */
  server?: string;
}

/** The argument of `draft-tasks.doctor`. */
export interface AskDoctor {
  /** Whether the server shows it as a message, too; it does when nothing is said. */
  show?: boolean;
  /** The tasks file. */
  uri: string;
}

/** The answer of `draft-tasks.doctor`. */
export interface Examined {
  /** Each link of the chain, for people. */
  markdown: string;
  /** Whether nothing is broken. */
  ok: boolean;
}

/** The argument of `draft-tasks.up`. */
export interface Up {
  /** The program that deploys or deletes the application, and its arguments; it runs without a shell, in the directory of the tasks file. */
  command?: string[];
  /** The command as a user types it, in place of `command`: split as the commands of a tasks file are. */
  line?: string;
  /** The tasks file. */
  uri: string;
}

/** The argument of `draft-tasks.delete`. */
export interface Delete {
  /** The program that deploys or deletes the application, and its arguments; it runs without a shell, in the directory of the tasks file. */
  command?: string[];
  /** The command as a user types it, in place of `command`: split as the commands of a tasks file are. */
  line?: string;
  /** The tasks file. */
  uri: string;
}

/** The argument of `draft-tasks.create`. */
export interface Create {
  /** Whether the file is the example of the specification (DEP-8). */
  example?: boolean;
  /** The draft pack whose tasks file is copied, if it has one; without it the file has the phases with comments. */
  pack?: string;
  /** The folder that gets the file, or the file. */
  uri: string;
}

/** The answer of `draft-tasks.create`. */
export interface Created {
  /** The file. */
  uri: string;
}

/** The argument of `draft-tasks.runTasks`. */
export interface RunTasks {
  /** The phase's name. */
  phase: string;
  /** Only in these pods, of a phase that runs inside of pods. */
  pods?: string[];
  /** The tasks: the description of each, and the command that the user saw. */
  tasks: { command?: string; task: string }[];
  /** The tasks file. */
  uri: string;
}

/** The argument of `draft-tasks.tasks`. */
export interface ListTasks {
  /** The tasks file. */
  uri: string;
}

/** The answer of `draft-tasks.tasks`. */
export interface Outline {
  /** The phases that have tasks, in the order of the file. */
  phases: { line: number; phase: string; tasks: { command: string; line: number; task: string }[] }[];
}

/** The answer of `draft-tasks.templates`. */
export interface Templates {
  /** The arguments that make them, each with a title and what is in them. */
  templates: { about: string; example: boolean; pack?: string; title: string }[];
}

/** What a task wrote. */
export interface OutputParams {
  /** The phase's name. */
  phase: string;
  /** What it wrote with both streams, in order; none in version 1. */
  pieces: { stream: string; text: string }[];
  /** The pod, of a task that runs inside of pods. */
  pod?: string;
  /** The run, as its command answered it. */
  run: string;
  /** In version 1, in place of `pieces`: `stdout` or `stderr`, of each piece in a notification of its own. */
  stream?: string;
  /** The task's description. */
  task: string;
  /** In version 1: the text of the piece. */
  text?: string;
  /** The tasks file. */
  uri: string;
}

/** A run or a task of it began or ended. */
export interface RunParams {
  /** Whether another step of `up` or `delete` follows, so that nobody is to be disturbed with this end. */
  followed?: boolean;
  /** The Job of Kubernetes that the run is, which goes on where the server ends. */
  job?: string;
  /** The outcome in words, for people; of the last step of `up` or `delete` that of all steps. */
  message: string;
  /** How the task or the run ended: `passed`, `failed`, `stopped`, or `skipped` where it did not begin, such as a run that the user did not confirm. */
  outcome?: string;
  /** The phase's name. */
  phase: string;
  /** The pod, where it is about a task in one. */
  pod?: string;
  /** The folder of the run's record, once it is over and where one is kept. */
  record?: string;
  /** The run, as its command answered it. */
  run: string;
  /** What happened. */
  state: 'started' | 'waiting' | 'blocked' | 'taskStarted' | 'taskFinished' | 'finished';
  /** The task's description, where it is about one. */
  task?: string;
  /** The tasks file. */
  uri: string;
}
