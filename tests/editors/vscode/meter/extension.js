// Measures in the extension host, in milliseconds, and is what our extension is compared with: a provider that knows its answer,
// for plain text. What was measured goes to a file of the folder.
const fs = require('node:fs');
const path = require('node:path');
const vscode = require('vscode');

let timer;
let longest;
let channel;

const folder = () => vscode.workspace.workspaceFolders[0].uri.fsPath;
const tell = (file, measured) => fs.writeFileSync(path.join(folder(), file), JSON.stringify(measured));

const worked = () => {
  const { user, system } = process.threadCpuUsage?.() ?? process.cpuUsage();
  return (user + system) / 1000;
};

/** Looks each millisecond how long the host has done nothing else: as the clock has it, and of the processor, which does not
 * depend on what else the machine does. */
function begin() {
  longest = { clock: 0, processor: 0 };
  let [last, before] = [performance.now(), worked()];
  timer = setInterval(() => {
    const [now, cpu] = [performance.now(), worked()];
    longest.clock = Math.max(longest.clock, now - last);
    longest.processor = Math.max(longest.processor, cpu - before);
    [last, before] = [now, cpu];
  }, 1);
}

function end() {
  clearInterval(timer);
  tell('longest.json', longest);
}

/** The list of completion at the cursor, as the host gets it: the way to the window and back is not in it. */
async function ask() {
  const { document, selection } = vscode.window.activeTextEditor;
  const times = [];
  for (let time = 0; time < 30; time++) {
    const began = performance.now();
    await vscode.commands.executeCommand('vscode.executeCompletionItemProvider', document.uri, selection.active);
    times.push(performance.now() - began);
  }
  tell('asked.json', { times });
}

/** From the command of the first task's lens to what the task writes, as the host gets it. */
async function run() {
  const { runs } = vscode.extensions.getExtension('draft-tasks.draft-tasks').exports;
  const { document } = vscode.window.activeTextEditor;
  const times = [];
  let heard;
  runs.listen({ onRun: (message) => heard?.(message), onOutput: (message) => heard?.(message) });
  for (let time = 0; time < 30; time++) {
    const lenses = await vscode.commands.executeCommand('vscode.executeCodeLensProvider', document.uri, 100);
    const { command } = lenses.find((lens) => lens.command.title.includes('Run') && !lens.command.title.includes('pre-up'));
    const began = performance.now();
    const over = new Promise((resolve) => {
      heard = (message) => {
        if (message.pieces !== undefined && times.length === time) times.push(performance.now() - began);
        if (message.state === 'finished') resolve();
      };
    });
    await vscode.commands.executeCommand(command.command, ...command.arguments);
    await over;
  }
  heard = undefined;
  tell('asked.json', { times });
}

function say() {
  channel.append(fs.readFileSync(path.join(folder(), 'tick'), 'utf8'));
  channel.show(true);
}

exports.activate = (context) => {
  channel = vscode.window.createOutputChannel('Meter');
  const lens = new vscode.CodeLens(new vscode.Range(0, 0, 0, 0), { title: 'Say', command: 'meter.say' });
  const items = Array.from({ length: 30 }, (_, number) => new vscode.CompletionItem(`echo${number}`));
  context.subscriptions.push(
    channel,
    vscode.languages.registerCompletionItemProvider('plaintext', { provideCompletionItems: () => items }),
    vscode.languages.registerCodeLensProvider('plaintext', { provideCodeLenses: () => [lens] }),
  );
  for (const [name, act] of Object.entries({ begin, end, ask, run, say })) {
    context.subscriptions.push(vscode.commands.registerCommand(`meter.${name}`, act));
  }
};
