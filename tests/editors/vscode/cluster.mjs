// What a person sees and does where tasks reach a cluster: rows of pods, questions, deploying and deleting, the doctor.
// The cluster is the double of an API server; its context `double` counts as a local one, `shop-prod` does not, and `gone` leads nowhere.
import fs from 'node:fs';
import { Double } from './double.mjs';
import { equal, until } from './harness.mjs';
import { part } from './part.mjs';

const FILE = '.draft-tasks.toml';
const TASKS = `[pre-up]
"look" = "sh note.sh looked"
"apply" = "bin/kubectl apply"

[post-deploy]
"migrate" = "migrate --all"
"warm up" = "warm-up"

[post-up]
"announce" = "sh note.sh announced"

[cleanup]
"drop" = "sh note.sh dropped"
`;
const DRAFT = '[environments.development]\nname = "web"\n\n[environments.staging]\nname = "web-staging"\nnamespace = "staging"\n';

export async function cluster(browser, version, { platform }) {
  const double = await Double.start();
  try {
    await onDouble(browser, version, platform, double);
  } finally {
    await double.stop();
  }
}

async function onDouble(browser, version, vsix, double) {
  const prepare = async (place) => {
    place.variables = { KUBECONFIG: double.kubeconfig };
    place.write(FILE, TASKS);
    place.write('draft.toml', DRAFT);
    place.write('note.sh', 'echo "$1" >> notes\n');
    fs.chmodSync(place.write('bin/kubectl', '#!/bin/sh\necho applied >> notes\n'), 0o755);
    await double.tell({ rollOut: { template: 'a', replicas: 2 } });
  };
  await part(browser, version, 'cluster', vsix, prepare, {}, async (window, place, check) => {
    const { page } = window;
    const status = page.locator('#draft-tasks\\.draft-tasks\\.draftTasks\\.status');
    const says = (text) => window.text('#draft-tasks\\.draft-tasks\\.draftTasks\\.status', text).waitFor();
    const dialog = page.locator('.monaco-dialog-box');
    const asked = async (...texts) => {
      await dialog.waitFor();
      const words = await dialog.textContent();
      for (const text of texts) if (!words.includes(text)) throw new Error(`"${text}" is not in "${words}"`);
    };
    const answer = async (button) => {
      await dialog.getByText(button, { exact: true }).click();
      await dialog.waitFor({ state: 'detached' });
    };
    const type = async (command, line) => {
      await window.command(command);
      await window.text('.quick-input-widget:visible .quick-input-title', 'this command').waitFor();
      await page.locator('.quick-input-widget:visible input[type="text"]').fill(line);
      await window.picture('typed');
      await page.keyboard.press('Enter');
    };
    /** The context that is chosen, as the status bar says it. */
    const choose = async (context) => {
      place.write('.vscode/settings.json', JSON.stringify({ 'draftTasks.kubernetes.context': context }));
      await says(`${context}/default`);
    };
    const run = async (phase) => {
      await window.command('Draft Tasks: Run Phase…');
      await window.pick(phase);
    };
    const ran = async () => (await double.tell({ look: {} })).map(({ pod, argv }) => `${pod} ${argv.join(' ')}`);
    const icon = (row, name) => row.locator(`.codicon-testing-${name}-icon`).waitFor();

    await check('the output of each pod appears while it runs, with a row for each', async () => {
      await double.tell({ exec: { argument: 'migrate', stdout: 'locks the tables\n', waits: true } });
      await double.tell({ exec: { argument: 'migrate', pod: 'web-a-1', times: 1, stderr: 'another one holds the lock\n', exit: 3 } });
      await window.openFile(FILE);
      await says('web (development) · double/default');
      await window.command('View: Show Testing');
      await window.expand('work');
      await window.expand('post-deploy');
      await run('post-deploy');
      await window.untilOutput('locks the tables');
      // It gets its rows when it begins.
      await window.test('migrate').locator('.monaco-tl-twistie.collapsed').waitFor();
      await window.expand('migrate');
      await icon(window.test('web-a-1'), 'failed');
      await window.test('web-a-0').locator('.codicon-loading').waitFor();
      await window.picture('pods-running');
      await double.tell({ open: {} });
      await window.untilOutput('2 passed, 1 failed, 1 skipped');
      await icon(window.test('web-a-0'), 'passed');
      await icon(window.test('migrate'), 'failed');
    });
    await check('the line of a task that failed in a pod has its diagnostic, and no second message', async () => {
      await page.locator('.cdr.squiggly-error').first().waitFor();
      equal(await page.locator('.test-error-content-widget').count(), 0);
      await window.test('web-a-1').click();
      await window.picture('pods');
    });
    await check('what failed, and what did not run because of it, runs again only in that pod', async () => {
      const before = (await ran()).length;
      await window.command('Draft Tasks: Run Failed Tasks Again');
      await icon(window.test('migrate'), 'passed');
      await icon(window.test('web-a-1'), 'passed');
      // What did not run there because of the failure runs after it.
      await until('both ran', async () => (await ran()).length > before + 1);
      equal((await ran()).slice(before), ['web-a-1 migrate --all', 'web-a-1 warm-up']);
      await page.locator('.cdr.squiggly-error').first().waitFor({ state: 'detached' });
    });
    await check('a row of a pod runs the task there', async () => {
      const before = (await ran()).length;
      const row = window.test('web-a-0');
      await row.hover();
      await row.locator('.codicon-testing-run-icon').click();
      await until('it ran again', async () => (await ran()).length > before);
      equal((await ran()).slice(before), ['web-a-0 migrate --all']);
      await icon(row, 'passed');
      await window.picture('pods-again');
    });

    await check('a phase runs as a Job of the application', async () => {
      await window.dismiss();
      await double.tell({ deploy: {} });
      await window.command('Draft Tasks: Run Phase as a Job…');
      await window.pick('post-deploy');
      await double.tell({ job: { states: ['runs', 'waits'], logs: ['the Job has begun\n'] } });
      await window.untilOutput('the Job has begun');
      await window.test('migrate').locator('.codicon-loading').first().waitFor();
      await window.picture('job');
    });
    // The server before may not have let go of its record yet.
    const lens = page.locator('.codelens-decoration a', { hasText: /Job (may go|goes) on · attach/ });
    const left = window.test('post-deploy may go on · Job draft-tasks-post-deploy-web-');
    await check('it goes on where the server ends; lens and Testing view show it, and its lens takes it up', async () => {
      await window.command('Draft Tasks: Restart Server');
      await window.untilOutput('post-deploy: goes on as Job draft-tasks-post-deploy-web-');
      await lens.waitFor();
      await left.locator('.codicon-loading').waitFor();
      await window.picture('job-left');
      await lens.click();
      await page.locator('.codelens-decoration a', { hasText: 'Stop following post-deploy' }).first().waitFor();
      await left.waitFor({ state: 'detached' });
    });
    await check('who ceases to follow it leaves it, and its row in the Testing view takes it up again', async () => {
      await window.command('Draft Tasks: Stop…');
      await left.waitFor();
      equal(await left.locator('.codicon-testing-run-icon').count(), 0);
      await left.hover();
      await window.picture('job-row');
      await left.locator('.codicon-sync').first().click();
      await page.locator('.codelens-decoration a', { hasText: 'Stop following post-deploy' }).first().waitFor();
      await left.waitFor({ state: 'detached' });
      await double.tell({ job: { states: ['0', '3'], logs: ['the Job has begun\n', 'error: no such table\n'] } });
      await window.untilOutput('error: no such table');
      await icon(window.test('migrate').first(), 'passed');
      await icon(window.test('warm up').first(), 'failed');
      await lens.waitFor({ state: 'detached' });
      await window.picture('job-taken-up');
      await window.command('Draft Tasks: Attach to a Job…');
      await window.text('.quick-input-widget:visible', 'Another one…').waitFor();
      await page.keyboard.press('Escape');
      await double.tell({ rollOut: { template: 'a', replicas: 2 } });
      await window.dismiss();
    });

    await check('of pods that are not ready it is said why, and a stop ends the wait', async () => {
      await double.tell({ waiting: { template: 'a', index: 1, reason: 'ImagePullBackOff', message: 'Back-off pulling image "web:typo"' } });
      await run('post-deploy');
      await window.untilOutput('1/2 pods ready (limit 300 s): web-a-1 ImagePullBackOff');
      const waited = async () => / 1\/2 pods ready \((\d+) s of 300 s\)/.exec((await status.textContent()).replace(/\s/g, ' '))?.[1] ?? 0;
      await until('the status bar tells how long', async () => await waited() > 0);
      await window.picture('not-ready');
      await window.lens('Stop post-deploy · 1/2 pods ready (limit 300 s)').click();
      await window.untilOutput('post-deploy: 2 skipped');
      await window.lens('Run post-deploy (2 tasks)').waitFor();
      await double.tell({ rollOut: { template: 'a', replicas: 2 } });
    });
    await check('on a cluster that is not local it asks, and Enter or "Cancel" runs nothing', async () => {
      await window.dismiss();
      await choose('shop-prod');
      await run('pre-up');
      await asked('Run pre-up: `', '(`bin/kubectl apply`)', 'on a cluster that is not local', 'context shop-prod', 'namespace default', 'https://127.0.0.1');
      await window.picture('asked');
      // Who presses Enter without reading has run nothing.
      await dialog.locator('.monaco-button:focus').getByText('Show What Runs', { exact: true }).waitFor();
      equal((await dialog.locator('.dialog-buttons .monaco-button').allTextContents()).sort(), ['Cancel', 'Run', 'Show What Runs']);
      await page.keyboard.press('Enter');
      await dialog.waitFor({ state: 'detached' });
      await page.locator('.tab', { hasText: 'What would run' }).waitFor();
      const listed = page.frameLocator('iframe.webview.ready').last().frameLocator('iframe#active-frame');
      await listed.getByText('sh note.sh looked').waitFor();
      await window.picture('what-would-run');
      await window.command('View: Close Editor');
      await window.untilOutput('pre-up did not run: it was not confirmed');
      await type('Draft Tasks: Delete with Tasks…', 'sh note.sh deleted');
      await asked('Delete: `sh note.sh deleted`, cleanup (1 task) on a cluster that is not local', 'context shop-prod', 'namespace default', 'https://127.0.0.1');
      await answer('Cancel');
      await window.notification('the delete command and cleanup did not run').waitFor();
      await window.dismiss();
      equal(place.read('notes'), '');
    });
    await check('"Run" runs, and another phase there is not asked for again', async () => {
      await run('pre-up');
      await asked('Run pre-up');
      await answer('Run');
      await until('it ran', () => place.read('notes') === 'looked\napplied\n');
      const before = (await ran()).length;
      await run('post-deploy');
      await until('all tasks ran in all pods', async () => (await ran()).length === before + 4);
    });
    await check('a cleanup under living pods asks each time, and names them', async () => {
      await choose('double');
      for (const button of ['Cancel', 'Run']) {
        await run('cleanup');
        await asked('Clean up although web still has 2 pods (web-a-0, web-a-1)', 'context double, namespace default');
        await window.picture('asked-cleanup');
        await answer(button);
        await window.untilOutput(button === 'Run' ? 'cleanup: 1 passed' : 'cleanup did not run: it was not confirmed');
        equal(place.read('notes'), button === 'Run' ? 'looked\napplied\ndropped\n' : 'looked\napplied\n');
      }
    });

    await check('deploying shows each step, with the command between the phases', async () => {
      fs.rmSync(place.path('notes'));
      await type('Draft Tasks: Deploy with Tasks…', 'sh note.sh "it is deployed"');
      await window.notification('up of web: all steps passed').waitFor();
      equal(place.read('notes'), 'looked\napplied\nit is deployed\nannounced\n');
      await window.picture('up');
      await window.dismiss();
    });
    await check('a step that fails is the last, and what did not run is said', async () => {
      fs.rmSync(place.path('notes'));
      await type('Draft Tasks: Deploy with Tasks…', "sh -c 'echo no such image >&2; exit 4'");
      await window.notification('up of web failed in the deploy command: sh: exit code 4: no such image · post-deploy and post-up did not run').waitFor();
      await window.picture('up-failed');
      await window.dismiss();
      for (const again of ['Run Last Again', 'Run Failed Tasks Again']) {
        await window.command(`Draft Tasks: ${again}`);
        await window.notification('up failed in the deploy command, which does not run again alone: use "Deploy with Tasks"').waitFor();
        await window.dismiss();
      }
      equal(place.read('notes'), 'looked\napplied\n');
    });
    await check('deleting waits until the pods are gone before it cleans up', async () => {
      fs.rmSync(place.path('notes'));
      await type('Draft Tasks: Delete with Tasks…', 'echo deleted');
      await window.untilOutput('2 pods left (limit 300 s): web-a-0 still runs, web-a-1 still runs');
      equal(place.read('notes'), '');
      await window.picture('delete');
      for (const pod of ['web-a-0', 'web-a-1']) await double.tell({ remove: { pod } });
      await window.notification('delete of web: all steps passed').waitFor();
      equal(place.read('notes'), 'dropped\n');
      await window.dismiss();
    });

    const menu = async (entry) => {
      await status.click();
      await window.pick(entry);
    };
    await check('the status bar changes the environment', async () => {
      await menu('Change Environment…');
      await window.picture('environments');
      await window.pick('staging');
      await says('web-staging (staging) · double/staging');
      await menu('Change Environment…');
      await window.pick('Not chosen here');
      await says('web (development) · double/default');
    });
    await check('a context is chosen from those of the kubeconfig, and kept in one\'s own settings', async () => {
      place.write('.vscode/settings.json', '{}');
      await says('web (development) · double/default');
      await window.command('Draft Tasks: Choose Context…');
      await window.picture('contexts');
      await window.pick('shop-prod');
      await window.pick('In my settings');
      await says('web (development) · shop-prod/default');
      equal(place.read('.vscode/settings.json'), '{}');
      await window.command('Draft Tasks: Choose Context…');
      await window.pick('Not chosen here');
      await says('web (development) · double/default');
    });
    await check('a namespace is chosen from those that are known', async () => {
      await window.command('Draft Tasks: Choose Namespace…');
      await window.pick('staging');
      await window.pick('In my settings');
      await says('web (development) · double/staging');
      await window.command('Draft Tasks: Choose Namespace…');
      await window.pick('Not chosen here');
      await says('web (development) · double/default');
    });
    await check('where a run is refused for its cluster, another context can be chosen', async () => {
      place.write('.vscode/settings.json', JSON.stringify({ 'draftTasks.kubernetes.context': 'no-such' }));
      await until('the context is unknown', async () => !(await status.textContent()).includes('double'));
      await run('post-deploy');
      const refusal = window.notification('no-such');
      await refusal.getByText('Choose the context', { exact: true }).click();
      await window.pick('double');
      await says('web (development) · double/default');
      // Where it stood already.
      equal(JSON.parse(place.read('.vscode/settings.json')), { 'draftTasks.kubernetes.context': 'double' });
    });
    await check('a run that cannot reach the cluster is an error in the Testing view, and what helps is offered', async () => {
      await choose('gone');
      await run('post-deploy');
      const blocked = window.notification('post-deploy could not run: cannot reach the cluster');
      await blocked.getByText('Choose the context', { exact: true }).waitFor();
      await window.command('View: Show Testing');
      await icon(window.test('migrate'), 'error');
      await icon(window.test('warm up'), 'error');
      await window.picture('blocked');
      await blocked.getByText('Check Application and Cluster', { exact: true }).click();
      // The preview has the keyboard.
      await page.locator('.tab', { hasText: 'Check of work' }).click({ button: 'middle' });
      await page.locator('.tab', { hasText: 'Check of work' }).waitFor({ state: 'detached' });
      await window.dismiss();
      await choose('double');
    });
    const report = page.frameLocator('iframe.webview.ready').last().frameLocator('iframe#active-frame');
    await check('the doctor shows the way to the pods, and where it is broken', async () => {
      await menu('Check Application and Cluster');
      await report.getByText('no pod').first().waitFor();
      await window.picture('doctor');
    });
    await check('without a cluster the doctor says that it is not to be reached', async () => {
      await choose('gone');
      await menu('Check Application and Cluster');
      await report.getByText('cannot reach the cluster of context').first().waitFor();
      await window.picture('doctor-unreachable');
    });
  });
}
