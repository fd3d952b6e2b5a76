// English, and by its shape the contract of every other language.
import { count, decimals, percent, region } from "./format";

const plural = new Intl.PluralRules("en");
const n_of = (n: number, one: string, other: string) =>
  plural.select(n) === "one" ? one : other.replace("#", count("en", n));

const NUMERALS = ["none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
const word = (n: number) => NUMERALS[n] ?? count("en", n);

const TOPICS: Record<string, string> = {
  cells: "cellular life",
  clocks: "clocks",
  fractals: "fractals",
  kaleidoscopes: "kaleidoscopes",
  light: "light",
  mazes: "mazes",
  typography: "typography",
  waves: "waves",
};
const topic = (name: string) => TOPICS[name] ?? `#${name}`;

const capital = (text: string) => text.charAt(0).toLocaleUpperCase("en") + text.slice(1);

const fewer = (name: string) => (TOPICS[name]?.endsWith("s") ? "Fewer" : "Less");

const TERMS: Record<string, string> = {
  finish: "Watched to the end",
  watch: "Share of it watched",
  like: "Liked",
  skip: "Swiped away",
  topic_affinity: "Its topic",
  topic_lately: "Its topic, lately",
  author_affinity: "Its author",
  follows_author: "You follow its author",
  freshness: "How new it is",
  novelty: "New ground for you",
  taste: "Close to your likes",
  comment: "Commented on",
  share: "Shared",
  save: "Saved",
  follow: "Followed its author",
  not_interested: "Not interested",
  report: "Reported",
  co_watch: "Others with your taste",
  popularity: "How many like it",
  asked_topic: "You asked for more or less of it",
  repeat_penalty: "Topic on the page already",
  exploration_bonus: "Few have met it yet",
};

export const en = {
  name: "English",
  title: (page: string) => `${page} · Rondo`,

  nav: {
    main: "Main",
    feed: "Feed",
    upload: "Upload",
    me: "Me",
    feeds: "Feeds",
    for_you: "For You",
    following: "Following",
    latest: "Latest",
    home: "Rondo, to the feed",
    skip: "To the video",
  },

  player: {
    region: "Videos",
    video_by: (author: string) => `Video by ${author}`,
    play: "Play",
    pause: "Pause",
    sound_on: "Turn sound on",
    sound_off: "Turn sound off",
    position: "Position",
    position_of: (at: number, of: number) => `${at} of ${of} seconds`,
    next: "Next video",
    previous: "Previous video",
    like: "Like",
    unlike: "Take the like back",
    likes: (n: number) => n_of(n, "1 like", "# likes"),
    views: (n: number) => n_of(n, "1 view", "# views"),
    share: "Share",
    link_copied: "Link copied",
    why: "Why this video",
    less: "Not interested",
    more_text: "more",
    less_text: "less",
    failed: "This video does not play here.",
    failed_hint: "The connection may have been cut. Try again, or go on to the next one.",
    retry: "Try again",
    keys: "Keys: up and down, space pauses, M sound, L like, C subtitles, I why this video",
  },

  feed: {
    loading: "The next videos are on their way",
    exhausted: "You have seen everything",
    exhausted_hint: "New videos come here first. Until then, watch Latest again, or make one yourself.",
    latest_end: "That was all of it",
    latest_end_hint: "From the newest to the oldest. Start again at the top, or add a video of your own.",
    following_end: "You are up to date",
    following_end_hint: "The people you follow have nothing newer.",
    again: "Watch Latest again",
    from_top: "Start at the top",
    single_end: "That was this one",
    single_end_hint: "For You has more, and learns from what you watch.",
    watch_again: "Watch it again",
    empty: "No videos yet",
    empty_hint: "Be the first: upload a video, and it plays here for everybody.",
    following_empty: "Nobody followed yet",
    following_empty_hint: "Open a profile from a video and press Follow. Their videos come here, newest first.",
    following_sign_in: "Sign in to follow people",
    following_sign_in_hint: "Following shows the videos of the people you choose, newest first.",
    failed: "The feed cannot be reached",
    unreachable: "Rondo does not answer. Check your connection; this page tries again by itself.",
    timeout: "The answer took too long. This page tries again by itself.",
    unreachable_once: "Rondo does not answer. Check your connection and try again.",
    timeout_once: "The answer took too long. Check your connection and try again.",
    no_detail: (status: number) => `The server answered with error ${status} and no reason.`,
    retry: "Try again",
    fallback: "Showing Latest for the moment",
    fallback_hint: "For You could not answer in time; it takes over again by itself.",
    upload_now: "Upload a video",
    to_for_you: "Back to For You",
  },

  learned: {
    label: "What the feed has learned",
    text(l: {
      topic: string;
      more: boolean;
      finished: number;
      skipped: number;
      liked: number;
      not_interested: number;
    }): string {
      const what = `${l.more ? "More" : fewer(l.topic)} ${topic(l.topic)}`;
      const because = l.more
        ? l.liked > 0
          ? `you liked ${word(l.liked)}`
          : l.finished > 0
            ? `you watched ${word(l.finished)} to the end`
            : ""
        : l.not_interested > 0
          ? "you said so"
          : l.skipped > 0
            ? `you swiped ${word(l.skipped)} away`
            : "";
      return because ? `${what}: ${because}.` : `${what} from now on.`;
    },
  },

  why: {
    title: "Why this video",
    close: "Close",
    source: {
      personal: "Chosen for you: close to what you have watched.",
      trending: "Many people are watching it just now.",
      fresh: "It is new, and gets its first viewers.",
      followed: "You follow its author.",
      match: "It is about something that you like, or by somebody whose videos you like.",
      co_watch: "Others who like what you like, like it too.",
      sound: "It has the sound of a video that you liked.",
      liked_by_followed: "People you follow like it.",
      trending_region: "Many people where you are watch it just now.",
      exploration: "A try: to find out whether you like something new.",
      following: "From somebody you follow, in the order of time.",
      latest: "In the order of time. Nothing here is chosen by your watching.",
      opened: "You opened it yourself: nothing chose it for you.",
    },
    reason(kind: string, subject: string, n: number): string {
      switch (kind) {
        case "topic_finished":
          return `You watched ${n_of(n, "one", "#")} about ${topic(subject)} to the end.`;
        case "topic_liked":
          return `You liked ${n_of(n, "one", "#")} about ${topic(subject)}.`;
        case "topic_skipped":
          return `You swiped ${n_of(n, "one", "#")} about ${topic(subject)} away: that counts against it.`;
        case "follows_author":
          return `You follow @${subject}.`;
        case "author_finished":
          return `You watched ${n_of(n, "one", "#")} by @${subject} to the end.`;
        case "co_watched":
          return `Others who liked ${n_of(n, "a video", "# videos")} that you liked, liked it too.`;
        case "sound_liked":
          return `You liked ${n_of(n, "a video", "# videos")} with this sound.`;
        case "liked_by_followed":
          return `${n_of(n, "Somebody you follow likes", "# people you follow like")} it.`;
        case "trending_region":
          return `It is being watched a lot where you are (${region("en", subject)}).`;
        case "asked_more":
          return `You asked for more ${topic(subject)}.`;
        case "asked_less":
          return `You asked for ${fewer(subject).toLowerCase()} ${topic(subject)}: that counts against it.`;
        case "trending":
          return n > 0 ? `${n_of(n, "One person", "# people")} watched it lately.` : "It is being watched a lot.";
        case "fresh":
          return "It was posted a short while ago.";
        case "exploration":
          return "You have not met this kind of video often yet.";
        default:
          return "";
      }
    },
    terms: "What the score is made of",
    terms_hint: "What the feed expects of you, times its weight. Together the bars are the score.",
    term: (name: string) => TERMS[name] ?? name.replaceAll("_", " "),
    arithmetic: (value: string, weight: string) => `${value} × ${weight}`,
    score: "Score",
    less: "Change what comes next",
    more_like_this: "More like this",
    liked_this: "You like this one",
    more_topic: (name: string) => `More ${topic(name)}`,
    hide_topic: (name: string) => `No ${topic(name)}`,
    less_topic: (name: string) => `${fewer(name)} ${topic(name)}`,
    not_author: (author: string) => `Not @${author}`,
    not_video: "Not this video",
    receipt: "The page’s receipt",
    receipt_hint: "Every number behind this page, for anyone to check.",
    chip_on: "Say so when the feed has learned something",
  },

  upload: {
    title: "Upload",
    sign_in: "Sign in to upload",
    sign_in_hint: "A video belongs to somebody: sign up takes a name and a password, nothing else.",
    closed: "Uploads are closed at the moment. Try again later.",
    drop: "Drop videos here",
    pick: "Choose videos",
    pick_hint: "or choose them from this device, several at once if you like",
    record: "Record one",
    limits: (size: string, duration: string) => `Up to ${size} and ${duration}. MP4, MOV, WebM, MKV and more.`,
    room: (used: string, limit: string) => `Your videos take up ${used} of the ${limit} that you have here.`,
    too_large: (size: string, limit: string) =>
      `This file is ${size}; the limit here is ${limit}. Make it smaller and try again.`,
    too_long: (duration: string, limit: string) =>
      `This video is ${duration}; the limit here is ${limit}. What lies between the marks is published: move them.`,
    empty_file: "This file is empty. Choose another one.",
    unreadable: "This file cannot be read. It may have been moved or deleted; choose it again.",
    known: "This file is on the list already. Its card is below.",
    full: (most: number) =>
      `${count("en", most)} uploads are on the list, which is as many as it holds. Finish or remove one, then choose this file again.`,
    left_out: (name: string, why: string) => `“${name}” was left out. ${why}`,
    left_out_more: (n: number, most: number) =>
      n_of(n, "And 1 more.", "And # more.") + ` Up to ${count("en", most)} files are looked at at a time; choose the others afterwards.`,
    list: "Uploads",
    caption: "Caption",
    caption_hint: "Words with # become topics, by which the feed finds viewers.",
    caption_left: (n: number) => n_of(n, "1 character left", "# characters left"),
    caption_over: (n: number) => n_of(n, "1 character too many", "# characters too many"),
    tags: "Topics",
    post: "Post",
    post_when_done: "Post when uploaded",
    will_post: "Will be posted when the upload is done",
    cancel: "Cancel",
    cancel_of: (name: string) => `Cancel ${name}`,
    remove: "Remove from the list",
    pause: "Pause",
    resume: "Resume",
    step_queued: "Waiting for the others to be sent",
    step_uploading: (p: number) => `Uploading ${percent("en", p)}`,
    step_paused: (p: number) => `Paused at ${percent("en", p)}`,
    step_needs_file: (p: number) => `Cut off at ${percent("en", p)}`,
    step_uploaded: "Uploaded",
    step_waiting: "Uploaded; waiting its turn to be processed",
    step_processing: (p: number) => `Processing ${percent("en", p)}`,
    step_live: "Live",
    refused: "Not published",
    deleted: "This video was deleted. Remove it from the list.",
    interrupted: "The connection was cut. The upload goes on where it stopped, by itself.",
    needs_file:
      "The page was reloaded, and the browser has let go of the file. Choose the same file again to go on from there; what you wrote is kept.",
    needs_leave: "The page was reloaded. Press “Resume”; the browser then asks whether it may read the file.",
    choose_again: "Choose the file again",
    other_size: (name: string, size: string, begun: string) =>
      `“${name}” is another file: it is ${size}, the one begun is ${begun}. Choose that one, or cancel and start anew.`,
    other_content: (name: string) =>
      `“${name}” has the same size as the file begun, but not the same content. Choose that one, or cancel and start anew.`,
    trim: "Trim and cover",
    trim_start: "Start",
    trim_end: "End",
    trim_of: (start: string, end: string, length: string) => `${start} to ${end}: ${length}`,
    trim_whole: "The whole video",
    cover: "Cover",
    cover_at: (at: string) => `The picture at ${at}`,
    cover_first: "The first picture",
    at_seconds: (n: number) => `${decimals("en", n, 1)} seconds`,
    no_trim: "This browser cannot show this file, so it cannot be trimmed here. It is uploaded whole.",
    watch: "Watch it",
    progress: "Upload progress",
    goes_on: "You may look at something else meanwhile: uploads go on as long as this page is open.",
    processing_hint: "You may leave this page; it goes on without you.",
    preview: "Preview of the chosen video",
  },

  captions: {
    title: "Subtitles",
    turn_on: "Turn subtitles on",
    turn_off: "Turn subtitles off",
    choose: "Choose subtitles",
    off: "Off",
    remembered: "Remembered on this device, for every video.",
    files: "Subtitles",
    files_of: (video: string) => `Subtitles of ${video}`,
    files_hint: "A WebVTT file (.vtt) for each language. They can be replaced at any time.",
    language: "Language",
    add: "Add a file",
    replace: "Replace",
    remove: (name: string) => `Remove subtitles: ${name}`,
    added: (name: string) => `Subtitles are there: ${name}`,
    other_language: (said: string, found: string) => `These words read like ${found}, not ${said}. If that is so, remove them and add the file anew under its language.`,
    removed: (name: string) => `Subtitles are removed: ${name}`,
    full: (n: number) => `There are subtitles in ${count("en", n)} languages, which is as many as a video may have here.`,
    too_large: (size: string, limit: string) => `It is ${size}; the limit here is ${limit}.`,
    not_taken: (file: string, why: string) => `“${file}” was not taken. ${why}`,
  },

  me: {
    title: "Me",
    sign_up: "Sign up",
    sign_in: "Sign in",
    sign_out: "Sign out",
    handle: "Name",
    handle_hint: "3 to 24 characters: a–z, 0–9, _ and .",
    password: "Password",
    password_hint: "At least 10 characters.",
    show_password: "Show the password",
    keeps: "What your feed has learned so far comes with you.",
    wrong: "Name or password is wrong.",
    since: (date: string) => `Here since ${date}`,
    videos: "Your videos",
    no_videos: "You have not posted a video yet.",
    processing: (p: number) => `Processing ${percent("en", p)}`,
    waiting: "Waiting its turn",
    live: "Live",
    refused: "Not published",
    delete: "Delete",
    delete_title: "Delete this video?",
    delete_hint: "It goes for good, here and in every feed.",
    keep: "Keep it",
    settings: "Settings",
    language: "Language",
    theme: "Appearance",
    theme_system: "As the device",
    theme_dark: "Dark",
    theme_light: "Light",
    data_saver: "Data saver",
    data_saver_hint: "Smaller videos, and a blur until they play instead of a picture. On this device only.",
    shares_likes: "Show followers what I like",
    shares_likes_hint: "Videos that you like may come in your followers’ feeds as liked by somebody they follow. Your name is not told, though whoever follows few people may guess. Otherwise your likes are yours alone.",
    load_more: "Show more",
  },

  wishes: {
    title: "Your feed",
    link_hint: "More or less of a topic, muted words, a fresh start",
    hint: "What you ask for here counts from the very next video.",
    topics: "Topics",
    topics_hint: "To the right for more, to the left for less; all the way to the left hides it.",
    topic: (name: string) => capital(topic(name)),
    level(n: number): string {
      if (n === 0) return "As it comes";
      if (n === -100) return "Never";
      if (n < 0) return n <= -60 ? "Much less" : "Less";
      return n >= 60 ? "Much more" : "More";
    },
    add_topic: "Another topic",
    add: "Add",
    said_more: (name: string) => `More ${topic(name)} from now on`,
    said_less: (name: string) => `${fewer(name)} ${topic(name)} from now on`,
    muted: "Muted words",
    muted_hint: "A video with all the words of one entry in its caption or topics is not shown. Whole words count.",
    add_muted: "Word or phrase",
    mute: "Mute",
    unmute: (text: string) => `No longer mute “${text}”`,
    turned_down: "Not interested",
    turned_down_hint: "They are not shown. Starting afresh can let them come again.",
    sounds: (n: number) => n_of(n, "1 sound", "# sounds"),
    reset: "Start afresh",
    reset_hint: "For when the feed has got the wrong idea of you.",
    reset_button: "Forget what it learned",
    reset_title: "Forget what the feed has learned?",
    reset_what: "It begins anew, as on the first day. Your topics and muted words above stay, and what you have seen is not shown again.",
    reset_turned_down: "Also what I was not interested in: authors, sounds and hidden topics may come again",
    reset_keep: "Keep it",
    reset_done: "Forgotten. The next video begins anew.",
  },

  operation: {
    title: "Operation",
    link_hint: "The queue of work, and what is taken up on the disk",
    admins_only: "This is for administrators of this network.",
    admins_hint: "Whoever runs it makes one with: rondo admin promote NAME",
    queue: "Queue",
    counts: (running: number, waiting: number, failed: number) =>
      `${count("en", running)} running, ${count("en", waiting)} waiting, ${count("en", failed)} failed`,
    idle: "Nothing is left to do.",
    more: (n: number) => n_of(n, "One more is not shown.", "# more are not shown."),
    purpose: {
      publish: "Making it playable",
      finish: "Other renditions",
      clean_up: "Removing files",
      other: "Work",
    },
    state: { running: "Running", waiting: "Waiting", failed: "Failed" },
    of: (author: string) => `of @${author}`,
    ending: "Called off; files are being removed",
    progress: (p: number) => percent("en", p),
    attempts: (n: number) => n_of(n, "tried once", "tried # times"),
    since: (time: string) => `since ${time}`,
    next_try: (time: string) => `again at ${time}`,
    last_error: "What went wrong",
    cancel: "Call off",
    cancel_of: (what: string) => `Call off: ${what}`,
    cancel_title: "Call this work off?",
    cancel_publish: "The video is refused, and its author is told that you did it. It would have to be uploaded again.",
    cancel_finish: "The video stays live with the renditions that it has.",
    keep: "Let it go on",
    retry: "Try now",
    retry_of: (what: string) => `Try now: ${what}`,
    called_off: (what: string) => `Called off: ${what}`,
    tried: (what: string) => `It is tried again: ${what}`,
    storage: "Room",
    total: (used: string) => `${used} in videos and uploads`,
    total_of: (used: string, limit: string) => `${used} of ${limit} in videos and uploads`,
    uploads: (held: string) => `${held} of it in uploads not worked off yet`,
    each: (limit: string) => `Each account may take up ${limit}.`,
    each_free: "Accounts have no limit of their own.",
    accounts: "Who takes up most",
    account: "Account",
    used: "Taken up",
    held: "Uploads in it",
  },

  profile: {
    follow: "Follow",
    following: "Following",
    unfollow: (handle: string) => `Stop following ${handle}`,
    followers: (n: number) => n_of(n, "1 follower", "# followers"),
    videos: (n: number) => n_of(n, "1 video", "# videos"),
    none: "No videos yet.",
    not_found: (handle: string) => `There is nobody called @${handle} here.`,
    sign_in: "Sign in to follow",
    grid: (handle: string) => `Videos by ${handle}`,
  },

  video: {
    title: "Video",
    not_found: "This video does not exist, or not any more.",
    processing: (p: number) => `Processing ${percent("en", p)}`,
    processing_hint: "It plays here as soon as it is done.",
    refused: "This video was not published.",
  },

  nowhere: {
    title: "Nothing here",
    hint: "This address leads nowhere on this network.",
    home: "To the feed",
  },

  demo: {
    making: (done: number, total: number) => `Making the demo world: ${done} of ${total} clips`,
    watching: (done: number, total: number) => `Demo viewers are watching: ${done} of ${total}`,
  },

  topic,
};

export type Messages = typeof en;
