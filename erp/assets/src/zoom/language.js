// uPlot asks for the format of numbers in navigator.language as it loads, and a browser may name what Intl refuses, such as
// "en-US@posix": then nothing is drawn. The language of the page is always one that Intl knows.
Object.defineProperty(navigator, "language", { value: document.documentElement.lang, configurable: true });
