// Stands for the module `obsidian`, which exists only within the program.
module.exports = new Proxy({}, { get: () => class {} });
