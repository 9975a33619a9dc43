// A small durable heap of objects with an `id`: IndexedDB, else localStorage, else memory.

const VERSION = 1;

class IndexedStore {
  #database;

  static open(name) {
    return new Promise((resolve, reject) => {
      const asked = indexedDB.open(name, VERSION);
      asked.onupgradeneeded = () => asked.result.createObjectStore("items", { keyPath: "id" });
      asked.onsuccess = () => resolve(new IndexedStore(asked.result));
      asked.onerror = asked.onblocked = () => reject(asked.error);
    });
  }

  constructor(database) {
    this.#database = database;
  }

  #run(mode, work) {
    return new Promise((resolve, reject) => {
      const transaction = this.#database.transaction("items", mode);
      const asked = work(transaction.objectStore("items"));
      transaction.oncomplete = () => resolve(asked.result);
      transaction.onerror = transaction.onabort = () => reject(transaction.error);
    });
  }

  all = () => this.#run("readonly", (items) => items.getAll());
  get = (id) => this.#run("readonly", (items) => items.get(id));
  put = (item) => this.#run("readwrite", (items) => items.put(item));
  remove = (id) => this.#run("readwrite", (items) => items.delete(id));
}

class LocalStore {
  #name;
  #storage;

  constructor(name, storage) {
    this.#name = name;
    this.#storage = storage;
    storage.setItem(`${name}:probe`, "1");
    storage.removeItem(`${name}:probe`);
  }

  #key = (id) => `${this.#name}:${id}`;

  async all() {
    const keys = Object.keys(this.#storage).filter((key) => key.startsWith(this.#key("")));
    return keys.map((key) => JSON.parse(this.#storage.getItem(key)));
  }

  async get(id) {
    return JSON.parse(this.#storage.getItem(this.#key(id)) ?? "null");
  }

  async put(item) {
    this.#storage.setItem(this.#key(item.id), JSON.stringify(item));
  }

  async remove(id) {
    this.#storage.removeItem(this.#key(id));
  }
}

class MemoryStore {
  #items = new Map();
  all = async () => [...this.#items.values()];
  get = async (id) => this.#items.get(id);
  put = async (item) => void this.#items.set(item.id, item);
  remove = async (id) => void this.#items.delete(id);
}

/** The best store this browser lets us have under a name. */
export async function openStore(name) {
  try {
    return await IndexedStore.open(name);
  } catch {
    try {
      return new LocalStore(name, localStorage);
    } catch {
      return new MemoryStore();
    }
  }
}
