// script - shows the document at <body data-document> to people. Everything goes in as text, never as markup.
'use strict';

let description;

function element(name, attributes, ...children) {
    const made = document.createElement(name);
    for (const [attribute, value] of Object.entries(attributes || {}))
        made.setAttribute(attribute, value);
    made.append(...children.filter((child) => child !== null && child !== undefined));
    return made;
}

function follow(value) {
    if (!value || !value.$ref)
        return value;
    return value.$ref.slice(2).split('/').reduce((object, name) => object[name], description);
}

function schemaName(schema) {
    return schema.$ref ? schema.$ref.split('/').pop() : null;
}

function schemaLink(name) {
    return element('a', {href: '#schema-' + name}, name);
}

// "text", "integer or null", "list of Session"
function typeOf(schema) {
    const name = schemaName(schema);
    if (name)
        return [schemaLink(name)];
    const words = [].concat(schema.type).map((type) => (type === 'string' ? 'text' : type)).join(' or ');
    if (schema.type === 'array')
        return ['list of ', ...typeOf(schema.items)];
    return [schema.format ? words + ' (' + schema.format + ')' : words];
}

function memberTable(schema) {
    if (!schema.properties)
        return element('p', null, schema.description || 'Text.');
    if (Object.keys(schema.properties).length === 0)
        return element('p', null, 'An object without members.');
    const rows = Object.entries(schema.properties).map(([name, member]) => element('tr', null,
        element('th', {scope: 'row'}, element('code', null, name)),
        element('td', null, ...typeOf(member)),
        element('td', null, schema.required.includes(name) ? 'always' : 'optional'),
        element('td', null, member.description || '')));
    const head = ['member', 'type', 'there', 'meaning'].map((title) => element('th', {scope: 'col'}, title));
    return element('div', {class: 'wide', tabindex: '0', role: 'group', 'aria-label': 'Members'},
        element('table', null,
            element('thead', null, element('tr', null, ...head)), element('tbody', null, ...rows)));
}

function code(text) {
    return element('pre', {tabindex: '0'}, element('code', null, text));
}

function json(value) {
    return code(JSON.stringify(value, null, 2));
}

// One body of a request or an answer: [media type, its part].
function bodyOf(content) {
    return Object.entries(content)[0];
}

function whoMayCall(operation) {
    const demands = operation.security.map((demand) => demand.accessToken);
    if (demands.length === 0)
        return operation.description || 'Anyone may call it.';
    const permissions = demands.flat().filter((permission) => permission);
    if (demands.includes(undefined))
        return 'An access token may be sent.';
    return permissions.length ? 'Needs an access token with ' + permissions.join(', ') + '.' : 'Needs an access token.';
}

function quoted(text) {
    return "'" + text.replaceAll("'", "'\\''") + "'";
}

function curl(method, path, operation) {
    const words = ['curl'];
    if (method !== 'get')
        words.push('-X', method.toUpperCase());
    if (operation.security.length)
        words.push('-H', '"Authorization: Bearer $access"');
    if (operation.requestBody) {
        const [type, body] = bodyOf(operation.requestBody.content);
        if (type === 'application/json')
            words.push('-H', quoted('Content-Type: ' + type), '-d', quoted(JSON.stringify(body.example)));
        else
            for (const [name, value] of Object.entries(body.example))
                words.push('--data-urlencode', quoted(name + '=' + value));
    }
    const server = new URL(description.servers[0].url, document.baseURI).href.replace(/\/$/, '');
    return words.concat(quoted(server + path)).join(' ');
}

function requestPart(method, path, operation) {
    const part = element('div', null, element('h4', null, 'Request'));
    if (operation.requestBody) {
        const [type, body] = bodyOf(operation.requestBody.content);
        const need = operation.requestBody.required ? '' : ', may be left out';
        part.append(element('p', null, schemaLink(schemaName(body.schema)), ', ' + type + need),
            memberTable(follow(body.schema)));
    }
    part.append(code(curl(method, path, operation)));
    return part;
}

function examplesOf(body) {
    if (body.example !== undefined)
        return [json(body.example)];
    return Object.values(body.examples || {}).map((example) => json(follow(example).value));
}

function answerPart([status, answer]) {
    const summary = element('summary', null, element('strong', null, status), ' ' + answer.description);
    const part = element('details', status < 300 ? {open: ''} : {}, summary);
    if (!answer.content) {
        part.append(element('p', null, 'No body.'));
        return part;
    }
    const [type, body] = bodyOf(answer.content);
    part.append(element('p', null, schemaLink(schemaName(body.schema)), ', ' + type), ...examplesOf(body));
    return part;
}

function operationPart(method, path, operation) {
    return element('article', {id: operation.operationId},
        element('h3', null, element('code', {class: method}, method.toUpperCase()), ' ', element('code', null, path)),
        element('p', null, operation.summary + '. ' + whoMayCall(operation)),
        requestPart(method, path, operation),
        element('h4', null, 'Answers'),
        ...Object.entries(operation.responses).map(answerPart));
}

function schemaPart([name, schema]) {
    return element('article', {id: 'schema-' + name}, element('h3', null, name),
        schema.description && schema.properties ? element('p', null, schema.description) : null, memberTable(schema));
}

function allOperations() {
    return Object.entries(description.paths).flatMap(([path, methods]) =>
        Object.entries(methods).map(([method, operation]) => [method, path, operation]));
}

function contents() {
    const lines = allOperations().map(([method, path, operation]) => element('li', null,
        element('a', {href: '#' + operation.operationId}, method.toUpperCase() + ' ' + path), ' ' + operation.summary));
    return element('nav', {'aria-label': 'Contents'}, element('ul', null, ...lines,
        element('li', null, element('a', {href: '#schemas'}, 'Schemas'))));
}

function show(main) {
    const info = description.info;
    document.title = info.title + ' ' + info.version;
    main.replaceChildren(
        element('h1', null, document.title),
        element('p', null, info.summary + '. ' + info.description),
        element('p', null, element('a', {href: document.body.dataset.document}, 'The same for programs (OpenAPI 3.1)')),
        contents(),
        element('h2', null, 'Operations'), ...allOperations().map((operation) => operationPart(...operation)),
        element('h2', {id: 'schemas'}, 'Schemas'), ...Object.entries(description.components.schemas).map(schemaPart));
    const wanted = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (wanted)
        wanted.scrollIntoView();
}

async function start() {
    const main = document.querySelector('main');
    try {
        const answer = await fetch(document.body.dataset.document);
        if (!answer.ok)
            throw new Error('status ' + answer.status);
        description = await answer.json();
        show(main);
    } catch (error) {
        main.replaceChildren(element('p', {role: 'alert'},
            'The description of the interface could not be loaded (' + error.message + '). Please try again later.'));
    }
}

start();
