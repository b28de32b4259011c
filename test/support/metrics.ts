/** Every metric with its labels as a scrape of `/metrics` shows it, without the numbers. */
export const samplesOf = (scraped: string): string[] =>
  scraped.split('\n').flatMap((line) => {
    const [, sample] = /^([a-zA-Z_]\w*(?:\{.*\})?) \S+$/.exec(line) ?? [];
    return sample === undefined ? [] : [sample];
  });
