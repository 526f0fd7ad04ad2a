// The double of an API server, as a program: tests/kubernetes/served.rs says what it understands.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export class Double {
  #process = spawn(process.env.DRAFT_TASKS_DOUBLE, { stdio: ['pipe', 'pipe', 'inherit'] });
  #lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();

  static async start() {
    const double = new Double();
    double.kubeconfig = (await double.#line()).kubeconfig;
    return double;
  }

  /** Tells it something, and answers the commands that were run in pods until now. */
  async tell(order) {
    this.#process.stdin.write(`${JSON.stringify(order)}\n`);
    return await this.#line();
  }

  async #line() {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error('the double of the API server has ended');
    return JSON.parse(value);
  }

  async stop() {
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.stdin.end();
    if (this.#process.exitCode === null && this.#process.signalCode === null) await ended;
  }
}
