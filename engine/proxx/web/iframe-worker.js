// From file:// a browser starts no worker; the site's search then does its work in a hidden frame instead.
"use strict";

if (location.protocol === "file:") {
  window.Worker = class FrameWorker extends EventTarget {
    constructor(url) {
      super();
      const frame = document.createElement("iframe");
      frame.hidden = true;
      frame.title = "Search";
      document.body.append(frame);
      const inner = frame.contentWindow;
      inner.postMessage = (data) => this.receive(data);
      inner.importScripts = (...urls) => urls.reduce((done, one) => done.then(() => load(inner, one)), Promise.resolve());
      this.inner = inner;
      this.ready = load(inner, url);
    }

    receive(data) {
      setTimeout(() => {
        const event = new MessageEvent("message", { data: structuredClone(data) });
        if (this.onmessage) this.onmessage(event);
        this.dispatchEvent(event);
      });
    }

    postMessage(data) {
      const { inner } = this;
      this.ready.then(() => inner.dispatchEvent(new inner.MessageEvent("message", { data: inner.structuredClone(data) })));
    }

    terminate() {}
  };

  function load(inner, url) {
    return new Promise((done, failed) => {
      const script = inner.document.createElement("script");
      script.src = url;
      script.onload = done;
      script.onerror = failed;
      inner.document.head.append(script);
    });
  }
}
