/** Work done one after the other, in the order in which it was asked for. What fails is told to who asked for it; the next is tried all the same. */
export class InTurn {
  private last: Promise<unknown> = Promise.resolve();

  run<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.last.then(work);
    this.last = mine.catch(() => undefined);
    return mine;
  }

  /** Once all that was asked for so far is done, or has failed. Never rejects. */
  async settled(): Promise<void> {
    await this.last;
  }
}
