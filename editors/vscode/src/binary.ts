// Finds the program that is the server, and asks it for its version.
//
// Must not start it as a server.

import { execFile, type ExecFileException } from 'node:child_process';
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import * as path from 'node:path';

/** The program, or why there is none, for people. */
export type Found =
  | { readonly kind: 'program'; readonly path: string; readonly version: string; readonly origin: Origin }
  | { readonly kind: 'problem'; readonly problem: string; readonly advice: string };

/** Where a program was found. */
export type Origin = 'setting' | 'extension' | 'PATH';

const NAME = process.platform === 'win32' ? 'draft-tasks.exe' : 'draft-tasks';

/** How long a program may take to say its version, in milliseconds: a cold disk is slow. */
const PATIENCE = 30_000;

/**
 * The setting goes first, then the program that came with the extension, then the one in `PATH`.
 *
 * @param setting what `draftTasks.server.path` says
 * @param extension the folder of the extension
 * @param wanted the version that the extension was made for
 */
export async function find(setting: string | undefined, extension: string, wanted: string): Promise<Found> {
  const place = locate(setting, extension);
  if (place.kind === 'problem') return place;
  const said = await version(place.path);
  if ('problem' in said) {
    return problem(`the server ${place.path} does not start: ${said.problem}`, adviceFor(place.origin));
  }
  if (!compatible(said.version, wanted)) {
    return problem(
      `the server ${place.path} is version ${said.version}, and this extension needs ${wanted}`,
      adviceFor(place.origin),
    );
  }
  return { kind: 'program', path: place.path, version: said.version, origin: place.origin };
}

type Place = { kind: 'place'; path: string; origin: Origin } | Extract<Found, { kind: 'problem' }>;

function locate(setting: string | undefined, extension: string): Place {
  if (setting) {
    const named = setting.replace(/^~(?=$|[/\\])/, homedir());
    if (!path.isAbsolute(named)) {
      return problem(`the setting draftTasks.server.path is \`${setting}\``, 'Give it the whole path of the program.');
    }
    if (!isProgram(named)) {
      return problem(
        `the setting draftTasks.server.path names ${named}, ${existsSync(named) ? 'which is not a program' : 'which does not exist'}`,
        adviceFor('setting'),
      );
    }
    return { kind: 'place', path: named, origin: 'setting' };
  }
  const own = path.join(extension, 'bin', NAME);
  if (isProgram(own)) return { kind: 'place', path: own, origin: 'extension' };
  const folders = (process.env['PATH'] ?? '').split(path.delimiter).filter((folder) => folder !== '');
  const found = folders.map((folder) => path.join(folder, NAME)).find(isProgram);
  if (found !== undefined) return { kind: 'place', path: found, origin: 'PATH' };
  return problem(
    'there is no server: this package of the extension comes without one, and `draft-tasks` is not in PATH',
    'Install the package of this extension for your platform, or the program, or name it in the setting draftTasks.server.path.',
  );
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

function problem(text: string, advice: string): Extract<Found, { kind: 'problem' }> {
  return { kind: 'problem', problem: text, advice };
}

function adviceFor(origin: Origin): string {
  switch (origin) {
    case 'setting':
      return 'Correct the setting, or remove it to use the server that came with the extension.';
    case 'extension':
      return 'Reinstall the extension for this platform, or name a server in the setting draftTasks.server.path.';
    case 'PATH':
      return 'Update it, or name another one in the setting draftTasks.server.path.';
  }
}

function version(program: string): Promise<{ version: string } | { problem: string }> {
  return new Promise((resolve) => {
    execFile(program, ['--version'], { timeout: PATIENCE, windowsHide: true }, (error, stdout, stderr) => {
      const said = /^draft-tasks (\d+\.\d+\.\d+\S*)\s*$/.exec(stdout);
      if (said?.[1] !== undefined) return resolve({ version: said[1] });
      if (error === null) return resolve({ problem: 'it is another program, which says no version of draft-tasks' });
      const written = stderr.trim().split('\n')[0];
      resolve({ problem: written ? written : reason(error) });
    });
  });
}

function reason(error: ExecFileException): string {
  if (error.killed === true) return `it did not answer within ${PATIENCE / 1000} s`;
  const code: unknown = error.code;
  if (code === 'ENOEXEC' || code === 'UNKNOWN') return 'it is not made for this machine';
  if (code === 'ENOENT') return 'it, or a library that it needs, is not there';
  if (typeof code === 'number') return `it ended with exit code ${code}`;
  return error.message;
}

/** Before 1.0 each minor version may change the protocol, later each major one. */
export function compatible(version: string, wanted: string): boolean {
  const [major, minor] = version.split('.');
  const [wantedMajor, wantedMinor] = wanted.split('.');
  return major === wantedMajor && (major !== '0' || minor === wantedMinor);
}
