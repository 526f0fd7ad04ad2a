import * as assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { test } from 'node:test';
import { createOnigScanner, createOnigString, loadWASM } from 'vscode-oniguruma';
import { INITIAL, parseRawGrammar, Registry, type IGrammar } from 'vscode-textmate';

const registry = new Registry({
  onigLib: loadWASM(fs.readFileSync('node_modules/vscode-oniguruma/release/onig.wasm')).then(() => ({ createOnigScanner, createOnigString })),
  loadGrammar: async (scope) => {
    const file = `syntaxes/${scope.replace('source.', '')}.tmLanguage.json`;
    return parseRawGrammar(fs.readFileSync(file, 'utf8'), file);
  },
});

async function grammar(scope: string): Promise<IGrammar> {
  const found = await registry.loadGrammar(scope);
  assert.ok(found);
  return found;
}

/** The pieces of a text with the innermost scope of each, without the name of the language. */
async function pieces(text: string, scope = 'source.draft-tasks'): Promise<string[]> {
  const { tokenizeLine } = { tokenizeLine: (await grammar(scope)).tokenizeLine.bind(await grammar(scope)) };
  let state = INITIAL;
  const found: string[] = [];
  for (const line of text.split('\n')) {
    const { tokens, ruleStack } = tokenizeLine(line, state);
    state = ruleStack;
    for (const { startIndex, endIndex, scopes } of tokens) {
      const piece = line.slice(startIndex, endIndex);
      const name = scopes.at(-1)?.replace(/\.draft-tasks(-\w+)?$/, '') ?? '';
      if (piece.trim() !== '') found.push(`${piece} ${name}`);
    }
  }
  return found;
}

test('phases, tasks and the words of commands have their colours', async () => {
  assert.deepEqual(await pieces('[pre-up]\n"say it" = "echo --loud $NAME && x" # why\n'), [
    '[ punctuation.definition.table', 'pre-up entity.name.section.phase', '] punctuation.definition.table',
    '"say it" entity.name.function.task', '= punctuation.separator.key-value', '" punctuation.definition.string.begin',
    'echo support.function.program', '--loud constant.other.option', '$NAME variable.other.environment',
    '&& keyword.operator.shell', ' x string.quoted.double', '" punctuation.definition.string.end',
    '# punctuation.definition.comment', ' why comment.line.number-sign',
  ]);
});

test('a string that is not closed ends with its line', async () => {
  const found = await pieces('a = "echo\n[cleanup]\n');
  assert.ok(found.includes('cleanup entity.name.section.phase'), found.join());
});

test('strings of several lines, escapes and comments that ignore', async () => {
  const found = await pieces('# draft-tasks: ignore[post-up]\na = """echo \\\n\\n $$X\n"""\nb = \'ls -l\'\n');
  for (const piece of ['post-up constant.other.code', 'echo support.function.program', '\\n constant.character.escape', '$$X constant.character.escape.variable', 'ls support.function.program', '-l constant.other.option']) {
    assert.ok(found.includes(piece), `${piece} in ${found.join()}`);
  }
});

test('the settings of a project are no commands', async () => {
  const found = await pieces('[rules]\npost-up = "off"\n', 'source.draft-tasks-config');
  assert.ok(found.includes('off string.quoted.double'), found.join());
});

test('the output has headings and results', async () => {
  const found = await pieces('pre-up · 2 tasks · in /x\n✗ a 0.1 s exit code 1\npre-up: 1 failed in 0.1 s', 'source.draft-tasks-output');
  // Themes of VS Code have headings in the red of what failed, and comments in the green of what passed.
  assert.deepEqual(found.map((piece) => piece.split(' ').at(-1)), ['constant.language.run', 'markup.deleted.failed', 'markup.deleted.summary']);
  const skipped = await pieces('- a skipped\npre-up: 2 skipped\npre-up did not run: it was not confirmed\npost-up: 1 passed in 0.1 s', 'source.draft-tasks-output');
  assert.deepEqual(skipped.map((piece) => piece.split(' ').at(-1)), ['meta.line.skipped', 'meta.line.summary', 'meta.line.summary', 'markup.inserted.summary']);
});
