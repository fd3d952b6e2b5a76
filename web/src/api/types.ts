// The wire types under short names. Everything else in the client imports them from here, so that a
// new API description replaces schema.d.ts and nothing more.
import type { components } from "./schema";

type Schemas = components["schemas"];

export type CaptionTrack = Schemas["CaptionTrack"];
export type Account = Schemas["Account"];
export type AccountChange = Schemas["AccountChange"];
export type Event = Schemas["Event"];
export type EventReceipt = Schemas["EventReceipt"];
export type EventType = Event["type"];
export type FeedItem = Schemas["FeedItem"];
export type FeedPage = Schemas["FeedPage"];
export type FeedReset = Schemas["FeedReset"];
export type FeedKind = FeedPage["feed"];
export type GivenCaptions = Schemas["GivenCaptions"];
export type Learned = Schemas["Learned"];
export type Network = Schemas["Network"];
export type NewVideo = Schemas["NewVideo"];
export type OperatedJob = Schemas["OperatedJob"];
export type OperatedQueue = Schemas["OperatedQueue"];
export type OperatedStorage = Schemas["OperatedStorage"];
export type PreferenceChange = Schemas["PreferenceChange"];
export type Preferences = Schemas["Preferences"];
export type Problem = Schemas["Problem"];
export type Profile = Schemas["Profile"];
export type Reason = Schemas["Reason"];
export type Rendition = Schemas["Rendition"];
export type Scope = NonNullable<Event["scope"]>;
export type ScoreTerm = Schemas["ScoreTerm"];
export type Session = Schemas["Session"];
export type Source = FeedItem["source"];
export type StorageUse = Schemas["StorageUse"];
export type Storyboard = Schemas["Storyboard"];
export type Video = Schemas["Video"];
export type VideoList = Schemas["VideoList"];
