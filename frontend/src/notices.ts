/** The doors of push at the server: which couriers there are, one's own devices, what one hears of, and a room's level. */
import { InTurn } from "./inTurn";
import { api, roomTouched } from "./store";
import type { PushAddress } from "./device/address";
import type { Reason } from "./worker/call";

export interface PushServices { web: { key: string } | null; fcm: boolean; apns: boolean }
export interface Device { device: string; courier: "web" | "fcm" | "apns"; label: string; created_at: string; seen_at: string; this: boolean }
export interface Wishes {
  off: Reason[]; quiet_from: string | null; quiet_to: string | null; zone: string; urgent_passes: boolean; digest: "off" | "hourly" | "daily";
}
export type Level = "all" | "mentions" | "none";

export function pushServices(): Promise<PushServices> {
  return api.get("/api/v1/push");
}
export async function devices(): Promise<Device[]> {
  return (await api.get<{ devices: Device[] }>("/api/v1/devices")).devices;
}
/** The same address again is the same device. */
export async function registerDevice(address: PushAddress, label: string): Promise<void> {
  await api.post("/api/v1/devices", { id: crypto.randomUUID(), courier: "web", label, address });
}
export async function removeDevice(device: string): Promise<void> {
  await api.delete(`/api/v1/devices/${device}`);
}
export async function testDevice(device: string): Promise<void> {
  await api.post(`/api/v1/devices/${device}/test`);
}
export function wishes(): Promise<Wishes> {
  return api.get("/api/v1/wishes");
}
export function wish(change: Partial<Wishes>): Promise<Wishes> {
  return api.patch("/api/v1/wishes", change);
}

const levels = new InTurn();
/** The last choice holds: two on their way at once could reach the server in either order. */
export async function setLevel(room: string, level: Level | null): Promise<void> {
  await levels.run(() => api.put(`/api/v1/rooms/${room}/notices`, { level }));
  await roomTouched(room);
}
