// Which setting is which option of the command line.
//
// Must not know the editor, and must not have variables with values: everybody sees the words of a command line.

/** The options of the command line that mean what a setting means. */
export const OPTIONS: Readonly<Record<string, string>> = {
  environment: '--environment',
  draftVersion: '--draft-version',
  semantics: '--semantics',
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
