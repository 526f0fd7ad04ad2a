// Looks each millisecond how long the extension host has done nothing else: as the clock has it, and of the processor, which
// does not depend on what else the machine does. Writes the longest, in milliseconds.
const fs = require('node:fs');
const path = require('node:path');
const vscode = require('vscode');

let timer;
let longest;

const worked = () => {
  const { user, system } = process.threadCpuUsage?.() ?? process.cpuUsage();
  return (user + system) / 1000;
};

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
  fs.writeFileSync(path.join(vscode.workspace.workspaceFolders[0].uri.fsPath, 'longest.json'), JSON.stringify(longest));
}

exports.activate = (context) => {
  context.subscriptions.push(vscode.commands.registerCommand('meter.begin', begin), vscode.commands.registerCommand('meter.end', end));
};
