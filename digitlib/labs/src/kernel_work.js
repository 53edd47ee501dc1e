// What the kernel keeps for the reader, in the file beside the notebook: the same calls as `pageWork`, answered by
// digitlib/labs/keeping.py.

// Answers reach every view of a lab, so each question has a number of its own.
let asked = Date.now();

export function kernelWork(model) {
  const ask = (question, buffers = []) => new Promise((resolve, reject) => {
    const number = ++asked;
    const answer = (content) => {
      if (content.answered !== number) return;
      model.off('msg:custom', answer);
      if (content.error) reject(new Error(content.error));
      else resolve(content.value ?? undefined);
    };
    model.on('msg:custom', answer);
    model.send({ ...question, number }, undefined, buffers);
  });
  return {
    kept: (part, key) => ask({ work: 'kept', part, key }),
    keep: (part, key, value) => ask({ work: 'keep', part, key, value }),
    all: () => ask({ work: 'all' }),
    restore: (bytes) => ask({ work: 'restore' }, [bytes]),
    forget: () => ask({ work: 'forget' }),
    setPseudonym: (text) => ask({ work: 'pseudonym', text }),
  };
}
