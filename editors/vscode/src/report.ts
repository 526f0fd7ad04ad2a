// A report for whoever looks into a problem: versions, settings and state, with values that may be secret left out.
//
// Must not contain a value of the environment, of a variable, or the text of a tasks file.

/** What a report is made from. */
export interface Facts {
  readonly extension: string;
  readonly editor: string;
  readonly system: string;
  readonly remote: string | undefined;
  readonly server: string;
  readonly state: string;
  readonly trusted: boolean;
  readonly folders: number;
  readonly files: number;
  readonly commands: readonly string[];
  readonly settings: unknown;
  readonly target: unknown;
  readonly lastRun: string | undefined;
}

/** The settings whose values are names at best and secrets at worst. */
const MASKED = /(^|\.)env(\.|$)/;

/** The settings as they may be told: those that are set, variables without their values. */
export function told(settings: unknown, path = ''): unknown {
  const isTable = typeof settings === 'object' && settings !== null && !Array.isArray(settings);
  if (!isTable) return MASKED.test(path) && settings !== null && settings !== undefined ? '***' : settings;
  const entries = Object.entries(settings)
    .map(([name, value]) => [name, told(value, path === '' ? name : `${path}.${name}`)] as const)
    .filter(([, value]) => value !== null && !(typeof value === 'object' && value !== null && Object.keys(value).length === 0));
  return Object.fromEntries(entries);
}

export function report(facts: Facts): string {
  const lines = [
    '# Draft Tasks: report',
    '',
    'Values of variables are left out. Look through it before you pass it on: paths and names are in it.',
    '',
    `- extension: ${facts.extension}`,
    `- server: ${facts.server}, ${facts.state}`,
    `- VS Code: ${facts.editor}${facts.remote === undefined ? '' : `, remote: ${facts.remote}`}`,
    `- system: ${facts.system}`,
    `- trusted: ${facts.trusted ? 'yes' : 'no'}`,
    `- folders: ${facts.folders}, tasks files: ${facts.files}`,
    `- last run: ${facts.lastRun ?? 'none'}`,
    `- commands: ${facts.commands.join(', ') || 'none'}`,
    '',
    '## Settings',
    '',
    '```json',
    JSON.stringify(told(facts.settings), null, 2),
    '```',
  ];
  if (facts.target !== undefined) lines.push('', '## Application', '', '```json', JSON.stringify(facts.target, null, 2), '```');
  lines.push('', 'The log of the server is in the output channel *Draft Tasks Server*.', '');
  return lines.join('\n');
}
