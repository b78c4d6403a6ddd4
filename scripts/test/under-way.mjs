// A Vitest reporter that prints the running tests on SIGUSR2, which it gets at the section's time limit.

/**
 * @typedef {import('vitest/node').TestCase} TestCase
 * @typedef {import('vitest/node').TestModule} TestModule
 */

export default class UnderWay {
  /** @type {Set<string>} */
  #running = new Set();

  onInit() {
    process.on('SIGUSR2', () => {
      process.stdout.write(`Still running:\n${[...this.#running].map((name) => `  ${name}\n`).join('')}`);
    });
  }

  /** @param {TestModule} file */
  onTestModuleStart(file) {
    this.#running.add(file.relativeModuleId);
  }

  /** @param {TestModule} file */
  onTestModuleEnd(file) {
    this.#running.delete(file.relativeModuleId);
  }

  /** @param {TestCase} test */
  onTestCaseReady(test) {
    this.#running.add(nameOf(test));
  }

  /** @param {TestCase} test */
  onTestCaseResult(test) {
    this.#running.delete(nameOf(test));
  }
}

/** @param {TestCase} test */
function nameOf(test) {
  return `${test.module.relativeModuleId} > ${test.fullName}`;
}
