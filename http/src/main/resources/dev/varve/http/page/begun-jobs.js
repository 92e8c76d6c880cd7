// The jobs that this window has begun. One that fails is told wherever the user is by then.

const KEY = 'varve.jobs';

export class BegunJobs {
  /** Those that failed, until the user has read it. */
  failed = [];

  /** The ids of those whose end is not known yet, also after the page is loaded anew. */
  #open = new Set(JSON.parse(sessionStorage.getItem(KEY) ?? '[]'));

  add(job) {
    this.#open.add(job.id);
    this.#keep();
  }

  /** Sorts out those that have ended. A list may be older than a job. */
  look(jobs) {
    for (const id of this.#open) {
      const job = jobs.get(id);
      if (!job || job.state === 'Running') continue;
      this.#open.delete(id);
      if (job.state === 'Failed') this.failed = [job, ...this.failed];
      this.#keep();
    }
  }

  dismiss(job) {
    this.failed = this.failed.filter((each) => each !== job);
  }

  #keep() {
    sessionStorage.setItem(KEY, JSON.stringify([...this.#open]));
  }
}
