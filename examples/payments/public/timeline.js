// Shows the events of a payment, step by step.

/** The list of one panel. */
export function createTimeline(panel) {
  const story = document.querySelector(`#${panel}-story`);
  const list = document.querySelector(`#${panel}-timeline`);
  let start = 0;

  return {
    /** Starts a new list. */
    clear(title) {
      start = performance.now();
      list.replaceChildren();
      story.querySelector('h3').textContent = title;
      story.hidden = false;
    },
    /** `kind` is one of sent, waiting, lost, paid, refused. */
    add(kind, text) {
      const item = document.createElement('li');
      const time = document.createElement('time');
      item.className = kind;
      item.append(text, time);
      time.textContent = `${((performance.now() - start) / 1000).toFixed(1)} s`;
      list.append(item);
    },
  };
}
