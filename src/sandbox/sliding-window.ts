/** Counts events in the last `spanMs` before each event, and remembers the worst. A ring of times, so a hit costs no allocation. */
export class SlidingWindow {
  total = 0;
  most = 0;
  private times = new Float64Array(64);
  private head = 0;
  private size = 0;

  constructor(private readonly spanMs: number) {}

  /** Adds an event at `atMs` (monotonic) and returns how many now lie in the window `(atMs - span, atMs]`. */
  add(atMs: number): number {
    this.expire(atMs);
    if (this.size === this.times.length) this.grow();
    this.times[(this.head + this.size) % this.times.length] = atMs;
    this.size += 1;
    this.total += 1;
    if (this.size > this.most) this.most = this.size;
    return this.size;
  }

  private expire(atMs: number): void {
    const limit = atMs - this.spanMs;
    while (this.size > 0 && (this.times[this.head] ?? 0) <= limit) {
      this.head = (this.head + 1) % this.times.length;
      this.size -= 1;
    }
  }

  private grow(): void {
    const wider = new Float64Array(this.times.length * 2);
    for (let index = 0; index < this.size; index += 1) {
      wider[index] = this.times[(this.head + index) % this.times.length] ?? 0;
    }
    this.times = wider;
    this.head = 0;
  }
}
