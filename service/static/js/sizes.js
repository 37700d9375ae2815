// As the pages say it (`service/words.size`): a file must not seem to grow or shrink on its way.
export const size = (bytes) =>
  bytes < 1_000_000
    ? `${Math.max(1, Math.round(bytes / 1000))} kB`
    : `${(bytes / 1_000_000).toLocaleString(document.documentElement.lang === "en" ? "en" : "vi", { minimumFractionDigits: 1, maximumFractionDigits: 1 })} MB`;
