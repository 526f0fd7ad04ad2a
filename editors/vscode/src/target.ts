// Which context and namespace are meant: asked, and kept as a setting of the user.
//
// Must not write into the workspace unless the user says so.

import * as vscode from 'vscode';
import { commands, section, type TargetFound } from './protocol';
import type { Server } from './server';

/** What can be chosen. */
interface Choice {
  readonly setting: string;
  readonly title: string;
  /** What counts where nothing is chosen. */
  readonly otherwise: string;
  /** Whether there may be others than those that are known. */
  readonly open: boolean;
  readonly known: (target: TargetFound) => readonly string[];
  readonly present: (target: TargetFound) => string | undefined;
}

export const CONTEXT: Choice = {
  setting: 'kubernetes.context',
  title: 'Context of the kubeconfig',
  otherwise: 'the current context of the kubeconfig',
  open: false,
  known: ({ contexts }) => contexts,
  present: ({ context }) => context,
};

export const NAMESPACE: Choice = {
  setting: 'kubernetes.namespace',
  title: 'Namespace of the pods',
  otherwise: 'what draft.toml says, else that of the context',
  open: true,
  known: ({ namespaces }) => namespaces,
  present: ({ namespace }) => namespace,
};

interface Item extends vscode.QuickPickItem {
  readonly value?: string;
  readonly typed?: boolean;
}

/** Asks for one of them, for a tasks file. */
export async function choose(server: Server, uri: vscode.Uri, choice: Choice): Promise<void> {
  const target = await server.execute<TargetFound>(commands.target, { uri: uri.toString() });
  const known = choice.known(target);
  if (known.length === 0 && !choice.open) throw new Error('there is no context to choose: the kubeconfig has none, or cannot be read');
  const present = choice.present(target);
  const items: Item[] = known.map((value) => ({ label: value, description: value === present ? 'current' : '', value }));
  if (choice.open) items.push({ label: 'Another…', typed: true });
  items.push({ label: 'Not chosen here', description: choice.otherwise });
  const picked = await vscode.window.showQuickPick(items, { title: choice.title, placeHolder: present ?? '' });
  if (picked === undefined) return;
  if (picked.typed !== true) return await keep(uri, choice, picked.value);
  const typed = (await vscode.window.showInputBox({ title: choice.title, value: present ?? '' }))?.trim();
  if (typed !== undefined && typed !== '') await keep(uri, choice, typed);
}

/** Where VS Code has a setting, the narrowest place first. */
const PLACES = [
  { key: 'workspaceFolderValue', place: vscode.ConfigurationTarget.WorkspaceFolder },
  { key: 'workspaceValue', place: vscode.ConfigurationTarget.Workspace },
  { key: 'globalValue', place: vscode.ConfigurationTarget.Global },
] as const;

async function keep(uri: vscode.Uri, { setting, title }: Choice, value: string | undefined): Promise<void> {
  const settings = vscode.workspace.getConfiguration(section, uri);
  const made = settings.inspect(setting);
  const places = PLACES.filter(({ key }) => made?.[key] !== undefined).map(({ place }) => place);
  if (value === undefined) {
    for (const place of places) await settings.update(setting, undefined, place);
    return;
  }
  // What the workspace says would go before what is kept elsewhere.
  const [first = vscode.ConfigurationTarget.Global] = places;
  const place = first === vscode.ConfigurationTarget.Global ? await askWhere(title) : first;
  if (place !== undefined) await settings.update(setting, value, place);
}

async function askWhere(title: string): Promise<vscode.ConfigurationTarget | undefined> {
  if (vscode.workspace.workspaceFolders === undefined) return vscode.ConfigurationTarget.Global;
  const items = [
    { label: 'In my settings', description: 'for all workspaces', place: vscode.ConfigurationTarget.Global },
    { label: 'In this workspace', description: '.vscode/settings.json, which may be shared', place: vscode.ConfigurationTarget.Workspace },
  ];
  return (await vscode.window.showQuickPick(items, { title, placeHolder: 'Where is it kept?' }))?.place;
}
