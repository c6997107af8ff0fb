// A deck: arrows move on, S opens the speaker's view, ? lists the keys.
Reveal.initialize({
  width: 1280,
  height: 720,
  margin: 0,
  center: false,
  controls: false,
  display: "flex",
  hash: true,
  transition: "none",
  slideNumber: "c/t",
  plugins: [RevealNotes],
});
