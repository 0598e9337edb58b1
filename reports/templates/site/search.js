"use strict";
// Looks through the years' files, newest first. Works from a folder on disk too: each file is a script that hands over
// its meetings by calling meetingsOfYear.
(() => {
  const form = document.getElementById("search");
  const list = document.getElementById("results");
  const persons = document.getElementById("persons");
  const count = document.getElementById("count");
  const more = document.getElementById("more");
  const root = form.dataset.root;
  const years = form.dataset.years.split(" ").filter(Boolean).reverse();
  const PAGE = 50;
  const FILTERS = ["level", "told", "status", "channel", "topic"];
  const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
  const meetings = [];
  const people = new Map();
  let shown = PAGE;
  let loaded = 0;

  const words = (name) => Object.fromEntries([...form.elements[name].options].map((o) => [o.value, o.textContent]));
  const named = Object.fromEntries(FILTERS.map((name) => [name, words(name)]));

  const fold = (text) => text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").replace(/[đĐ]/g, "d").toLowerCase();

  window.meetingsOfYear = (year) => {
    const names = year.people.map(([page, ...forms]) => {
      const known = people.get(page) || { page, name: forms[0], text: "", meetings: 0, forms: [] };
      known.forms = [...new Set([...known.forms, ...forms])];
      known.text = fold(known.forms.join(" "));
      people.set(page, known);
      return known;
    });
    for (const [id, day, date, headline, place, status, level, channel, told, topics, who, forum, city] of year.rows) {
      for (const number of who) names[number].meetings += 1;
      const about = topics.split(" ").filter(Boolean);
      const parts = [headline, place, year.places[city] || "", forum, day, id, ...about.map((topic) => named.topic[topic] || topic)];
      const text = fold(parts.join(" ")) + " " + who.map((number) => names[number].text).join(" ");
      meetings.push({ id, day, date, headline, place, status, level, channel, told, topic: about, forum, text });
    }
  };

  const state = () => Object.fromEntries([...new FormData(form)].filter(([, value]) => value.trim()));

  const matches = (wanted) => {
    const tokens = fold(wanted.q || "").split(/\s+/).filter(Boolean);
    const plain = FILTERS.filter((name) => name !== "topic" && wanted[name]);
    return meetings.filter((each) =>
      (!wanted.from || each.day >= wanted.from) && (!wanted.to || each.day <= wanted.to) &&
      plain.every((name) => each[name] === wanted[name]) &&
      (!wanted.topic || each.topic.includes(wanted.topic)) &&
      tokens.every((token) => each.text.includes(token)));
  };

  const element = (tag, className, text) => {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text) made.textContent = text;
    return made;
  };

  const link = (page, text) => {
    const made = element("a", "", text);
    made.href = root + page + "/index.html";
    return made;
  };

  const spoken = (date) => {
    const [year, month, day] = date.split("-").map(Number);
    return `${day} ${MONTHS[month - 1]} ${year}`;
  };

  const row = (each) => {
    const item = element("li", "item");
    const when = each.date ? spoken(each.date) : `Date not known, filed under ${spoken(each.day)}`;
    item.append(element("p", "kicker", [when, each.place].filter(Boolean).join(" · ")));
    const title = element("p", "title");
    title.append(link("meetings/" + each.id, each.headline));
    if (each.status !== "held") title.append(" ", element("span", "tag", named.status[each.status]));
    const facts = [named.level[each.level], named.channel[each.channel], each.forum];
    const note = element("p", "note", facts.filter(Boolean).join(" · ") + " · ");
    note.append(element("span", "told " + each.told, named.told[each.told]));
    item.append(title, note);
    return item;
  };

  const showPeople = (query) => {
    const tokens = fold(query || "").split(/\s+/).filter(Boolean);
    const found = !tokens.length ? [] : [...people.values()]
      .filter((each) => tokens.every((token) => each.text.includes(token)))
      .sort((a, b) => b.meetings - a.meetings).slice(0, 6);
    persons.hidden = !found.length;
    persons.replaceChildren(...found.map((each) => {
      const item = element("li");
      const others = each.forms.slice(1, 3).join(", ");
      item.append(link("people/" + each.page, each.name), " ",
        element("span", "note", [others, `${each.meetings} ${each.meetings === 1 ? "meeting" : "meetings"}`].filter(Boolean).join(" · ")));
      return item;
    }));
  };

  const remember = (wanted) => {
    const query = new URLSearchParams(wanted).toString();
    try {
      history.replaceState(null, "", query ? "?" + query : location.pathname);
    } catch {
      // some browsers allow no other address for a page opened from disk
    }
  };

  const show = () => {
    const wanted = state();
    const found = matches(wanted);
    list.replaceChildren(...found.slice(0, shown).map(row));
    const all = found.length.toLocaleString("en");
    const rest = loaded < years.length ? ` so far; reading ${years[loaded]}` : "";
    count.textContent = `${all} ${found.length === 1 ? "meeting" : "meetings"}${rest}`;
    more.hidden = found.length <= shown;
    showPeople(wanted.q);
    return wanted;
  };

  const changed = () => {
    shown = PAGE;
    remember(show());
  };

  const next = () => {
    if (loaded === years.length) {
      form.dataset.ready = "yes";
      return;
    }
    const script = document.createElement("script");
    const done = () => {
      loaded += 1;
      show();
      next();
    };
    script.src = `${root}assets/search/${years[loaded]}.js`;
    script.onload = done;
    script.onerror = done;
    document.head.append(script);
  };

  const step = (event) => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    const links = [...list.querySelectorAll("a")];
    const at = links.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
    if (at >= links.length) return;
    event.preventDefault();
    (at < 0 ? form.elements.q : links[at]).focus();
  };

  for (const [name, value] of new URLSearchParams(location.search)) {
    if (form.elements[name]) form.elements[name].value = value;
  }
  form.hidden = false;
  form.addEventListener("input", changed);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(changed));
  form.elements.q.addEventListener("keydown", step);
  list.addEventListener("keydown", step);
  more.addEventListener("click", () => {
    const first = shown;
    shown += PAGE;
    show();
    list.querySelectorAll("a")[first].focus();
  });
  if (years.length) next();
  else show();
})();
