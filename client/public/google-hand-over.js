// Runs in the popup in which somebody has signed in at a provider: gives the code to the page that opened it, which closes the popup.
// A file of its own, because the content security policy allows no inline script. The other end is src/lib/google.ts.
(function () {
  var told = document.documentElement.dataset;
  var message = { kind: "llm-tuner-google", handover: told.handover, code: told.code, problem: told.problem };
  if (window.opener) {
    window.opener.postMessage(message, window.location.origin);
    // Not at once: a message from a window that is gone has no sender any more, and is refused for it.
    setTimeout(function () {
      window.close();
    }, 3000);
    return;
  }
  // Some providers cut the tie between the two windows. Then the sign-in ends in this one, and the other tabs hear of it.
  var answer = new URLSearchParams({ google: "" });
  for (var name of ["handover", "code", "problem"]) if (told[name]) answer.set(name, told[name]);
  window.location.replace("/sign-in#" + answer);
})();
