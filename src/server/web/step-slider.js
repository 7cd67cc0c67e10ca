// Chooses one of the steps at which something was logged: a slider, single steps, and playing them as a film.

import { h } from "./dom.js";
import { count } from "./format.js";

const PLAY_MS = 400;

/**
 * `changed(index)` is called with the position in `steps`, at first with the last one.
 * Returns `{element, choose(index), setSteps(steps), destroy()}`; new steps are followed only from the last one.
 */
export function stepSlider(steps, changed) {
  const slider = h("input", { type: "range", min: 0, "aria-label": "Step", oninput: () => choose(Number(slider.value)) });
  const label = h("output", { class: "step-label" });
  const play = h("button", { type: "button", class: "quiet", onclick: () => (timer ? pause() : start()) });
  const before = h("button", { type: "button", class: "icon-button", "aria-label": "Previous step", onclick: () => choose(index - 1) }, "‹");
  const after = h("button", { type: "button", class: "icon-button", "aria-label": "Next step", onclick: () => choose(index + 1) }, "›");
  const element = h("div", { class: "step-slider" }, play, before, slider, after, label);
  let index = steps.length - 1;
  let timer = 0;

  function choose(wanted) {
    index = Math.max(0, Math.min(steps.length - 1, wanted));
    slider.value = index;
    slider.setAttribute("aria-valuetext", `Step ${steps[index]}`);
    label.textContent = `Step ${steps[index]}`;
    label.title = `${index + 1} of ${count(steps.length, "step")}`;
    before.disabled = index === 0;
    after.disabled = index === steps.length - 1;
    changed(index);
  }

  function start() {
    if (index === steps.length - 1) choose(0);
    timer = setInterval(() => (index < steps.length - 1 ? choose(index + 1) : pause()), PLAY_MS);
    play.textContent = "Pause";
  }

  function pause() {
    clearInterval(timer);
    timer = 0;
    play.textContent = "Play";
  }

  function setSteps(newSteps) {
    const wasLast = index === steps.length - 1;
    steps = newSteps;
    slider.max = steps.length - 1;
    element.hidden = steps.length < 2;
    choose(wasLast && !timer ? steps.length - 1 : index);
  }

  pause();
  setSteps(steps);
  return { element, choose, setSteps, destroy: pause };
}
