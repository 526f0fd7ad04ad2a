// Starts a real VS Code on a folder of its own, and drives it in a browser as a person would.
//
// Nothing here waits for a time: everything waits until something is so, with a generous limit.
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
export const root = path.resolve(here, '../../..');
export const extension = path.join(root, 'editors/vscode');
export const binary = process.env.DRAFT_TASKS_BIN;
export const artefacts = path.resolve(process.env.DRAFT_TASKS_ARTEFACTS ?? path.join(root, 'tests/editors/artefacts/vscode'));
const { chromium } = createRequire(path.join(extension, 'package.json'))('playwright-core');

/** The versions of VS Code, by the code-server that has it. */
export const versions = { '1.139': '4.139.1', '1.96': '4.96.4' };

/** How long anything may take, in milliseconds: the machine may be busy. */
export const patience = Number(process.env.DRAFT_TASKS_PATIENCE ?? 90_000);

// ── what is counted ──

export const counts = { passed: 0, failed: 0 };

/** A test: counted, and with a picture of the page where it fails. */
export async function step(name, page, run) {
  const start = Date.now();
  const took = () => `${((Date.now() - start) / 1000).toFixed(1)} s`;
  try {
    await run();
    counts.passed++;
    console.log(`ok      ${name} (${took()})`);
    return true;
  } catch (error) {
    counts.failed++;
    const picture = path.join(artefacts, `failed-${counts.failed}.png`);
    await page?.screenshot({ path: picture }).catch(() => {});
    console.log(`FAILED  ${name} (${took()}), see ${picture}\n${String(error.stack ?? error).replace(/^/gm, '        ')}`);
    return false;
  }
}

export function equal(found, wanted) {
  if (JSON.stringify(found) !== JSON.stringify(wanted)) throw new Error(`found ${JSON.stringify(found)}, wanted ${JSON.stringify(wanted)}`);
}

/** Waits until something is so, and answers it. */
export async function until(what, look) {
  const end = Date.now() + patience;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > end) throw new Error(`not within ${patience / 1000} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

// ── processes ──

/** Whether a process is alive; one that has ended and is not yet waited for is not. */
export function isAlive(pid) {
  try {
    return !/^State:\s*[ZX]/m.test(fs.readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** The processes whose command line has a text. */
export function processes(text) {
  return fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number).filter((pid) => {
    try {
      return isAlive(pid) && fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').includes(text);
    } catch {
      return false; // It has ended while we looked.
    }
  });
}

/** What was started and has not ended: when this program is ended, it ends, too. */
const started = new Set();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.once(signal, () => {
    for (const child of started) process.kill(-child.pid, 'SIGKILL');
    process.exit(1);
  });
}

const freePort = () => new Promise((resolve, reject) => {
  const server = net.createServer().once('error', reject).listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    server.close(() => resolve(port));
  });
});

// ── VS Code ──

const SETTINGS = {
  'workbench.startupEditor': 'none', 'telemetry.telemetryLevel': 'off', 'update.mode': 'none',
  'extensions.autoCheckUpdates': false, 'extensions.autoUpdate': false, 'extensions.ignoreRecommendations': true,
  'chat.disableAIFeatures': true, 'workbench.enableExperiments': false, 'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.colorTheme': 'Default Dark Modern', 'editor.minimap.enabled': false, 'workbench.reduceMotion': 'on',
  'files.simpleDialog.enable': true, 'git.enabled': false, 'window.commandCenter': false, 'workbench.layoutControl.enabled': false,
};

/** A folder that a VS Code has for itself: its home, its settings, its extensions, and the files that are worked on. */
export class Place {
  constructor(version) {
    this.version = version;
    this.folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'draft-tasks-vscode-')));
    this.home = path.join(this.folder, 'home');
    this.user = path.join(this.folder, 'user');
    this.extensions = path.join(this.folder, 'extensions');
    this.work = path.join(this.folder, 'work');
    /** Variables of the environment beside those that every test has. */
    this.variables = {};
    for (const folder of [this.home, path.join(this.user, 'User'), path.join(this.user, 'Machine'), this.extensions, this.work]) {
      fs.mkdirSync(folder, { recursive: true });
    }
    this.write('../user/User/settings.json', JSON.stringify(SETTINGS));
  }

  /** Settings beside those that every test has. */
  settings(settings) {
    this.write('../user/User/settings.json', JSON.stringify({ ...SETTINGS, ...settings }));
  }

  /** Settings that only a machine has, such as the path of the server. */
  machine(settings) {
    this.write('../user/Machine/settings.json', JSON.stringify(settings));
  }

  path(name) {
    return path.join(this.work, name);
  }

  write(name, text) {
    const file = this.path(name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, text);
    return file;
  }

  read(name) {
    return fs.existsSync(this.path(name)) ? fs.readFileSync(this.path(name), 'utf8') : '';
  }

  get program() {
    return [path.join(root, '.tools', `code-server-${versions[this.version]}`, 'node_modules/code-server/out/node/entry.js'), '--config', '/dev/null'];
  }

  get environment() {
    const environment = { ...process.env, HOME: this.home, EXTENSIONS_GALLERY: '{}', DRAFT_HOME: path.join(this.home, '.draft') };
    for (const name of Object.keys(environment)) if (/^(XDG_|VSCODE_|KUBE|DRAFT_ENV$)/.test(name)) delete environment[name];
    return { ...environment, ...this.variables };
  }

  get #folders() {
    return ['--user-data-dir', this.user, '--extensions-dir', this.extensions];
  }

  install(vsix) {
    execFileSync(process.execPath, [...this.program, ...this.#folders, '--install-extension', vsix], {
      env: this.environment, stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  /** Starts it; `trust` leaves Workspace Trust on, `tests` is for those of the extension host. */
  async start({ trust = false, tests = false } = {}) {
    const port = await freePort();
    this.log = path.join(this.folder, 'server.log');
    const log = fs.openSync(this.log, 'w');
    // Newer ones look for tests only with this option; and with it they show no notifications.
    const smoke = tests && this.version !== '1.96' ? ['--vscode-option', 'enable-smoke-test-driver'] : [];
    this.process = spawn(process.execPath, [
      ...this.program, '--auth', 'none', '--bind-addr', `127.0.0.1:${port}`, '--disable-telemetry', '--disable-update-check',
      '--disable-getting-started-override', ...(trust ? [] : ['--disable-workspace-trust']), ...this.#folders, ...smoke,
    ], { env: this.environment, detached: true, stdio: ['ignore', log, log] });
    fs.closeSync(log);
    const child = this.process;
    started.add(child);
    child.once('exit', () => started.delete(child));
    this.authority = `127.0.0.1:${port}`;
    await until('code-server answers', async () => {
      if (this.process.exitCode !== null) throw new Error(`code-server has ended:\n${fs.readFileSync(this.log, 'utf8')}`);
      try {
        return (await fetch(`http://${this.authority}/healthz`)).ok;
      } catch {
        return false;
      }
    });
  }

  /** Ends it, and tells which of our servers outlived it. */
  async stop() {
    if (this.process !== undefined) {
      const ended = new Promise((resolve) => this.process.once('exit', resolve));
      if (this.process.exitCode === null) {
        process.kill(-this.process.pid, 'SIGTERM');
        await ended;
      }
    }
    const ours = () => processes(this.folder);
    const end = Date.now() + 20_000;
    while (ours().length > 0 && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 50));
    const left = ours();
    for (const pid of left) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has just ended.
      }
    }
    return left;
  }

  remove() {
    fs.rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  /** The address of the workbench on a folder or a workspace file, with a file open or more. */
  address({ folder = this.work, workspace, open, payload = [] } = {}) {
    const files = open === undefined ? [] : [['openFile', `vscode-remote://${this.authority}${open}`]];
    const all = [...files, ...payload];
    const what = workspace === undefined ? `folder=${encodeURIComponent(folder)}` : `workspace=${encodeURIComponent(workspace)}`;
    return `http://${this.authority}/?${what}${all.length > 0 ? `&payload=${encodeURIComponent(JSON.stringify(all))}` : ''}`;
  }
}

// ── the browser ──

export async function startBrowser() {
  const names = process.env.CHROMIUM ? [process.env.CHROMIUM] : ['chromium', 'chromium-browser', 'google-chrome'];
  const folders = (process.env.PATH ?? '').split(path.delimiter);
  const candidates = names.flatMap((name) => (path.isAbsolute(name) ? [name] : folders.map((folder) => path.join(folder, name))));
  const executablePath = candidates.find((file) => fs.existsSync(file));
  if (executablePath === undefined) {
    throw new Error(`there is no browser (looked for ${names.join(', ')} in PATH): run tests/tools/install, or let CHROMIUM name one`);
  }
  return await chromium.launch({
    executablePath, headless: true,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage', '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1'],
  });
}

/** A window of VS Code, and what a person does in it. */
export class Window {
  constructor(page, place, pictures) {
    this.page = page;
    this.place = place;
    this.pictures = pictures;
    this.opened = new Set();
    page.setDefaultTimeout(patience);
  }

  static async open(browser, place, pictures, options) {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    const window = new Window(page, place, pictures);
    await page.goto(place.address(options));
    await page.locator('.monaco-workbench .part.editor').waitFor();
    return window;
  }

  picture(name) {
    return this.page.screenshot({ path: path.join(artefacts, `${this.pictures}-${name}.png`) });
  }

  /** The first of some elements with a text; the spaces of an editor's lines are others than those of a text. */
  text(selector, text) {
    const pattern = new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll(' ', '\\s'));
    return this.page.locator(selector).filter({ hasText: pattern }).first();
  }

  /** A command of the palette, by its whole title. */
  async command(title) {
    await this.page.keyboard.press('F1');
    const input = this.page.locator('.quick-input-widget:visible input[type="text"]');
    await input.waitFor();
    // What is typed before the commands are there is looked for among none.
    await this.page.locator('.quick-input-list .monaco-list-row').first().waitFor();
    await input.fill(`>${title}`);
    const row = this.page.locator('.quick-input-list .monaco-list-row').filter({ has: this.page.getByText(title, { exact: true }) }).first();
    await row.waitFor();
    await row.click();
  }

  /** Chooses an entry of a quick pick. */
  async pick(label) {
    const row = this.text('.quick-input-widget:visible .quick-input-list .monaco-list-row', label);
    await row.waitFor();
    await row.click();
  }

  /** Opens a file, or goes to its tab. */
  async openFile(name) {
    const { page } = this;
    const [label, folder] = [path.basename(name), path.dirname(name)];
    const inRoot = folder === '.';
    const exactly = (selector, text) => page.locator(selector).getByText(text, { exact: true });
    // Where names are alike, tabs and lists say the folder behind them.
    const ofFolder = (rows, described) => (inRoot
      ? rows.filter({ hasNot: page.locator(described, { hasText: /\w/ }) })
      : rows.filter({ has: page.locator(described, { hasText: new RegExp(`(^|/)${folder}$`) }) }));
    const tabs = page.locator('.tabs-container .tab').filter({ has: exactly('.label-name', label) });
    const tab = ofFolder(tabs, '.label-description').first();
    if (await tab.count() > 0) {
      await tab.click();
    } else if (await tabs.count() === 1 && !inRoot && await tabs.locator('.label-description', { hasText: /\w/ }).count() === 0 && this.opened.has(name)) {
      await tabs.click();
    } else {
      await page.keyboard.press('Control+P');
      const input = page.locator('.quick-input-widget:visible input[type="text"]');
      await input.waitFor();
      await input.fill(this.place.path(name));
      const rows = page.locator('.quick-input-list .monaco-list-row').filter({ has: exactly('.label-name', label) });
      await ofFolder(rows, '.label-description').first().click();
    }
    this.opened.add(name);
    await until(`${name} is open`, async () => {
      const crumbs = await page.locator('.breadcrumbs-control .monaco-breadcrumb-item').allTextContents();
      return crumbs.map((crumb) => crumb.trim()).join('/').startsWith(name);
    });
    await this.text('.tab.active', label).waitFor();
    // Only then are keys for it: what is pressed before is lost.
    await page.locator('.editor-instance .monaco-editor.focused').first().waitFor();
  }

  /** Goes to a place, by the keyboard: a click may land on a hover that fades. */
  async goTo(line, column) {
    // Under a resting pointer a hover stays.
    await this.page.mouse.move(1, 1);
    await this.page.locator('.monaco-hover:visible').first().waitFor({ state: 'hidden' });
    await this.page.keyboard.press('Control+G');
    const input = this.page.locator('.quick-input-widget:visible input[type="text"]');
    await input.waitFor();
    await input.fill(`:${line}:${column}`);
    await this.page.keyboard.press('Enter');
    await this.text('#status\\.editor\\.selection', `Ln ${line}, Col ${column}`).waitFor();
  }

  /** The lines that an editor of this kind shows. */
  async lines(selector = '.editor-instance') {
    const texts = await this.page.locator(`${selector} .view-lines .view-line`).evaluateAll((lines) =>
      lines.sort((a, b) => parseFloat(a.style.top) - parseFloat(b.style.top)).map((line) => line.textContent.replace(/\u00a0/g, ' ')));
    return texts;
  }

  lens(text) {
    return this.text('.codelens-decoration a', text);
  }

  async save(name, wanted) {
    await this.page.keyboard.press('Control+S');
    await until(`${name} is saved`, () => wanted(this.place.read(name)));
  }

  /** The text of the output channel. */
  async output() {
    return (await this.lines('.output-view')).join('\n');
  }

  async untilOutput(text) {
    await until(`the output shows "${text}"`, async () => (await this.output()).includes(text));
  }

  /** Dismisses all notifications. */
  async dismiss() {
    await this.command('Notifications: Clear All Notifications');
    await this.page.locator('.notification-toast').first().waitFor({ state: 'detached' });
  }

  notification(text) {
    return this.text('.notification-toast', text);
  }

  /** Opens a row of the Testing view. */
  async expand(label) {
    const row = this.test(label);
    await row.waitFor();
    const closed = row.locator('.monaco-tl-twistie.collapsed');
    if (await closed.count() > 0) await closed.click();
    await row.locator('.monaco-tl-twistie.collapsed').waitFor({ state: 'detached' });
  }

  /** A row of the Testing view. */
  test(label) {
    return this.page.locator('.test-explorer .monaco-list-row').filter({ has: this.page.locator('.label', { hasText: new RegExp(`^${label}`) }) }).first();
  }
}
